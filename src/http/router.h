#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/access.h"
#include "http/message.h"
#include "http/problem.h"

namespace waybill::http {

/// A request that has found its route, with who asks.
struct Call {
  const Request& request;
  const std::map<std::string, std::string, std::less<>>& path;  ///< the names in braces
  const Principal& who;

  /// The part of the path that stands for `{name}`; the route has it.
  const std::string& at(std::string_view name) const { return path.find(name)->second; }
};

/// A value, or the Problem that stands in its way.
template <class T>
using Answer = tl::expected<T, Problem>;
inline tl::unexpected<Problem> refuse(Problem problem) {
  return tl::unexpected<Problem>(std::move(problem));
}
inline tl::unexpected<Problem> refuse(const Error& error) { return refuse(problem_of(error)); }

using Handler = std::function<Answer<Reply>(const Call&)>;

struct Route {
  std::string method;
  std::string pattern;    ///< as OpenAPI writes it: "/v1/tasks/{id}/cancel"
  std::string operation;  ///< operationId in the OpenAPI document
  Right right = Right::read;
  Handler handler;
};

/// Which handler a request goes to.
class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  ///< null: no route has this path with this method
    std::map<std::string, std::string, std::less<>> path;
    std::string allowed;  ///< the methods that the path takes, for Allow; empty: there is no path
  };
  /// HEAD finds what GET does.
  Match find(std::string_view method, const std::vector<std::string>& segments) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  // of each route, in segments
};

}  // namespace waybill::http
