#pragma once

#include <string>
#include <string_view>

#include "adapters/google/credential_file.h"
#include "base/time.h"

namespace waybill::google {

/// The assertion that a service account trades for an access token: a JSON Web Token, signed RS256,
/// good for an hour from `now`. `scopes` are separated by blanks. `unauthenticated` for a private
/// key that cannot be read. Source: RFC 7519, RFC 7523.
Result<std::string> signed_assertion(const ServiceAccountKey& key, std::string_view scopes,
                                     Time now);

/// When a JSON Web Token expires; its signature is its reader's business. `unavailable` for what is
/// none.
Result<Time> jwt_expires_at(std::string_view token);

}  // namespace waybill::google
