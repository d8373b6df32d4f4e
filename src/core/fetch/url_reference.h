#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// Whether it is http:// or https:// with a host.
bool is_http_url(std::string_view url);
bool is_https_url(std::string_view url);

/// Where a reference leads from a URL (RFC 3986, 5.2), without the fragment: what a `Location`
/// says. `invalid_argument` where that is no http or https.
Result<std::string> resolve_http_url(std::string_view base, std::string_view reference);

/// The last part of its path, decoded, if that can be a file's name; else "index".
std::string file_name_of_url(std::string_view url);

/// Path and query, as a request has them: at least "/".
std::string target_of_url(std::string_view url);

/// Scheme, host and port of an http or https URL: "https://example.org", in lower case, without
/// user, password and the usual port.
std::string origin_of_url(std::string_view url);

/// The same without the scheme: what counts as one server where requests are counted.
std::string host_key_of_url(std::string_view url);

/// As it may be shown: without user, password and query, which may hold secrets.
std::string shown_url(std::string_view url);

}  // namespace waybill
