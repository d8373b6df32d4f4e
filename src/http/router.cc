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

constexpr std::string_view kRest = "…}";

bool is_name(std::string_view piece) { return piece.starts_with('{'); }
bool is_rest(std::string_view piece) { return is_name(piece) && piece.ends_with(kRest); }

std::string_view name_in(std::string_view piece) {
  const std::size_t end = is_rest(piece) ? kRest.size() : 1;
  return piece.substr(1, piece.size() - 1 - end);
}

std::string joined_from(const std::vector<std::string>& segments, std::size_t first) {
  std::string text = segments[first];
  for (std::size_t i = first + 1; i < segments.size(); ++i) text += "/" + segments[i];
  return text;
}

std::optional<Names> match(const std::vector<std::string>& pattern,
                           const std::vector<std::string>& segments) {
  const bool takes_rest = is_rest(pattern.back());
  if (takes_rest ? segments.size() < pattern.size() : segments.size() != pattern.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool fits = is_name(pattern[i]) ? !segments[i].empty() : pattern[i] == segments[i];
    if (!fits) return std::nullopt;
  }
  Names names;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_name(pattern[i])) continue;
    names.emplace(name_in(pattern[i]),
                  is_rest(pattern[i]) ? joined_from(segments, i) : segments[i]);
  }
  return names;
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern) {
  patterns_.push_back({.method = std::string(method), .segments = split(pattern)});
}

Router::Match Router::find(std::string_view method,
                           const std::vector<std::string>& segments) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::set<std::string_view> others;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    auto names = match(patterns_[i].segments, segments);
    if (!names) continue;
    if (patterns_[i].method == wanted)
      return {.route = i, .path = std::move(*names), .allowed = {}};
    others.insert(patterns_[i].method);
  }
  if (others.empty()) return {};
  if (others.contains("GET")) others.insert("HEAD");
  others.insert("OPTIONS");
  Match found;
  for (const std::string_view name : others) {
    found.allowed.append(found.allowed.empty() ? "" : ", ").append(name);
  }
  return found;
}

}  // namespace waybill::http
