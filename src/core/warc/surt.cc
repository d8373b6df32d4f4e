#include "core/warc/surt.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace waybill {
namespace {

/// `www.`, `www2.`: what a name may begin with and mean the same.
std::string_view without_www(std::string_view host) {
  if (!host.starts_with("www")) return host;
  auto end = std::size_t{3};
  while (end < host.size() && is_digit(host[end])) ++end;
  return end < host.size() && host[end] == '.' ? host.substr(end + 1) : host;
}

std::string labels_reversed(std::string_view host) {
  if (host.starts_with('[')) return std::string(host);
  std::string out;
  while (true) {
    const auto dot = host.rfind('.');
    out += host.substr(dot == host.npos ? 0 : dot + 1);
    if (dot == host.npos) return out;
    out += ',';
    host = host.substr(0, dot);
  }
}

std::string parts_in_order(std::string_view query) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = std::min(query.find('&'), query.size());
    parts.push_back(query.substr(0, end));
    if (end == query.size()) break;
    query.remove_prefix(end + 1);
  }
  std::ranges::stable_sort(parts, {},
                           [](std::string_view part) { return part.substr(0, part.find('=')); });
  std::string out;
  for (const std::string_view part : parts) {
    if (!out.empty()) out += '&';
    out += part;
  }
  return out;
}

}  // namespace

std::string surt_of_url(std::string_view url) {
  const std::string lower = to_lower(url.substr(0, url.find('#')));
  std::string_view rest = lower;
  std::string_view usual_port;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    usual_port = ":80";
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    usual_port = ":443";
  } else {
    return std::string(url);
  }
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  if (const auto at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  std::string_view port = colon == authority.npos ? "" : authority.substr(colon);
  if (port == usual_port || port == ":") port = {};
  std::string surt = labels_reversed(without_www(authority.substr(0, colon)));
  surt.append(port).append(")");
  const auto query = std::min(rest.find('?'), rest.size());
  surt += query == 0 ? "/" : rest.substr(0, query);
  if (rest.size() > query + 1) surt += "?" + parts_in_order(rest.substr(query + 1));
  return surt;
}

}  // namespace waybill
