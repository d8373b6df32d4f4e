#include "http/router.h"

#include <algorithm>
#include <optional>
#include <set>

namespace waybill::http {
namespace {

using Names = std::map<std::string, std::string, std::less<>>;

std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  pattern.remove_prefix(1);
  for (;;) {
    const std::size_t slash = pattern.find('/');
    segments.emplace_back(pattern.substr(0, slash));
    if (slash == pattern.npos) return segments;
    pattern.remove_prefix(slash + 1);
  }
}

std::optional<Names> match(const std::vector<std::string>& pattern,
                           const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return std::nullopt;
  Names names;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      if (segments[i].empty()) return std::nullopt;
      names.emplace(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
    } else if (pattern[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return names;
}

}  // namespace

void Router::add(Route route) {
  patterns_.push_back(split(route.pattern));
  routes_.push_back(std::move(route));
}

Router::Match Router::find(std::string_view method,
                           const std::vector<std::string>& segments) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::set<std::string> methods;
  Match found;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto names = match(patterns_[i], segments);
    if (!names) continue;
    methods.insert(routes_[i].method);
    if (routes_[i].method != wanted || found.route != nullptr) continue;
    found.route = &routes_[i];
    found.path = std::move(*names);
  }
  if (methods.contains("GET")) methods.insert("HEAD");
  if (!methods.empty()) methods.insert("OPTIONS");
  for (const std::string& name : methods) {
    found.allowed += (found.allowed.empty() ? "" : ", ") + name;
  }
  return found;
}

}  // namespace waybill::http
