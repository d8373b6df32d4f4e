#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// The directory that `file:///srv/drop` names (RFC 8089): absolute, percent signs decoded, without
/// a slash at its end. `invalid_argument` says what a bucket's URL looks like.
Result<std::string> parse_file_url(std::string_view url);

/// The URL of an absolute path.
std::string to_file_url(std::string_view directory);

}  // namespace waybill
