#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace waybill::http {

/// What a request asks for: its path and query (RFC 9112, 3.2), decoded.
struct Target {
  std::string authority;              ///< of an absolute form: "localhost:8470"; empty: it is none
  std::string path;                   ///< "/v1/tasks"
  std::vector<std::string> segments;  ///< {"v1", "tasks"}; a slash at the end gives an empty last
  std::vector<std::pair<std::string, std::string>> query;
};

/// Reads a request target in origin form, "/v1/tasks", or as proxies are sent it, in absolute form,
/// "http://localhost:8470/v1/tasks". A slash in a segment may be sent as %2F, and stays in it.
/// A plus in the query is a space, as in forms. `invalid_argument`: it is of neither
/// form, has a space in it, a percent sign is not followed by two digits, or what comes out is not
/// UTF-8 or has a control character in it.
Result<Target> parse_target(std::string_view text);

}  // namespace waybill::http
