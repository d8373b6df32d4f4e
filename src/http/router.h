#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::http {

/// Which of the routes a request goes to, by method and path.
class Router {
 public:
  /// The next route; its number is how many there were before. `pattern` is a path as OpenAPI
  /// writes it: "/v1/tasks/{id}/cancel". A last name as in "/v1/files/{name…}" stands for all that
  /// is left of the path, with the slashes between.
  void add(std::string_view method, std::string_view pattern);

  struct Match {
    std::optional<std::size_t> route;  ///< none: no route has this path with this method
    std::map<std::string, std::string, std::less<>> path;  ///< what stands for names in braces
    std::string allowed;  ///< the methods that the path takes, for Allow; empty: there is no path
  };
  /// HEAD finds what GET does.
  Match find(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  struct Pattern {
    std::string method;
    std::vector<std::string> segments;
  };
  std::vector<Pattern> patterns_;
};

}  // namespace waybill::http
