#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "kinds/archive/polite/manners.h"

namespace waybill {

std::string_view fetch_spec_schema();

/// What is to be fetched: a spec says what all tasks of a definition have in common, params what
/// this one is about. A param goes before a field of the spec of the same name.
struct FetchOrder {
  std::vector<std::string> urls;  ///< the URL, then its mirrors
  std::string name;               ///< of the artifact; empty: by the URL
  std::string media_type;         ///< empty: as the server says
  std::string sha256;             ///< that it must have; empty: not known
  std::string sha256_url;         ///< of a file that says it; empty: none
  std::string metalink;           ///< URL of one that says mirrors, size and digest; empty: none
  std::string if_none_match;      ///< an ETag; empty: fetched in any case
  std::string if_modified_since;  ///< likewise
  /// That the server of each URL is told, and no other one that it redirects to.
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t bytes_max = 0;
  std::string metalink_sha256;   ///< that the metalink says, once it is read; empty: none
  std::int64_t size_bytes = -1;  ///< likewise; -1: not known
  Manners manners{};
};
/// `invalid_argument`, which begins with a JSON pointer where one field is wrong.
Result<FetchOrder> read_fetch_order(const TaskRequest& request);
/// The same of fields that have passed a schema with at least those of a fetch.
Result<FetchOrder> fetch_order_of(const boost::json::object& fields, const TaskRequest& request);

}  // namespace waybill
