#include "kinds/archive/collect/cdxj.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/ascii.h"
#include "base/json.h"

namespace waybill {

std::string surt_of(std::string_view url) {
  const std::string text = to_lower(url.substr(0, url.find('#')));
  std::string_view rest = text;
  if (const auto scheme = rest.find("://"); scheme != rest.npos) rest.remove_prefix(scheme + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view host = rest.substr(0, end);
  rest.remove_prefix(end);
  host.remove_prefix(std::min(host.rfind('@') + 1, host.size()));
  // Of an address of IPv6 the colons are no port's.
  if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
  std::string surt = "(";
  while (!host.empty()) {
    const auto dot = host.rfind('.');
    const std::string_view label = dot == host.npos ? host : host.substr(dot + 1);
    surt += std::string(label) + ",";
    host = dot == host.npos ? std::string_view() : host.substr(0, dot);
  }
  surt += ")";
  if (!rest.starts_with('/')) surt += '/';
  return surt + std::string(rest);
}

std::string index_line(const CollectionItem& item) {
  const Time second = std::chrono::floor<std::chrono::seconds>(item.fetch.fetched_at);
  const boost::json::object locator{
      {"locator", json::text("urn:ipfs/" + item.fetch.header_cid + "/" + item.fetch.cid)}};
  return surt_of(item.url) + " " + format_time(second) + " response " + json::serialize(locator);
}

std::string index_of(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  std::string text = "!OpenWayback-CDXJ 1.0\n";
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace waybill
