#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace waybill {

/// Whether the URL begins so, in whatever case: "https://".
bool has_scheme(std::string_view url, std::string_view scheme);

/// What a failed transfer means, by its CURLcode. `sent` is whether a byte of the request may have
/// left.
Code code_of_transfer(int result, bool sent);

/// Of a handle (CURL*) whose transfer has ended: libcurl's words for it, `said` by
/// CURLOPT_ERRORBUFFER or empty, and what to do about a server that nobody vouches for.
std::string words_of_transfer(void* easy, int result, const char* said);

/// Likewise: whether a byte of the request may have left. What asked a proxy for a tunnel counts as
/// sent in libcurl, but before a new connection's TLS stands nothing of a request for https has.
bool may_have_sent(void* easy, std::string_view url);

}  // namespace waybill
