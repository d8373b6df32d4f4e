#pragma once

#include <string>
#include <string_view>

#include "adapters/google/settings.h"

namespace waybill::google {

/// Reads a token endpoint's answer of status 200 (RFC 6749, 5.1). `unavailable` for what is none.
Result<Token> parse_access_token(std::string_view json, Time now);

/// Takes the text of an identity token. `unavailable` for what is none.
Result<Token> parse_identity_token(std::string text);

/// What an answer of another status means: `unavailable` for 408, 429 and 5xx, else
/// `unauthenticated`, with what the server says, on one line and not for ever.
Error refusal(const HttpResponse& response, Time now);

/// A client's error as a token source's: what was cut off may be asked for again.
Error unfetched(Error error);

}  // namespace waybill::google
