#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/access.h"
#include "http/answer.h"
#include "http/api_query.h"
#include "http/message.h"

namespace waybill::http {

/// A request that has found its route, is allowed, and keeps to the OpenAPI document.
struct Call {
  const Request& request;
  const std::map<std::string, std::string, std::less<>>& path;  ///< the names in braces
  const Query& query;
  const boost::json::value& body;  ///< an object; empty where none was sent
  const Principal& who;
  std::string key;  ///< the Idempotency-Key; empty: none

  /// The part of the path that stands for `{name}`; the route has it.
  const std::string& at(std::string_view name) const { return path.find(name)->second; }
};

using Handler = std::function<Answer<Reply>(const Call&)>;

}  // namespace waybill::http
