#include "adapters/amqp/hosts.h"

#include <algorithm>

namespace waybill::amqp {

std::vector<std::string> urls_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return {std::string(url)};
  const std::size_t place = scheme + 3;
  const std::size_t end = std::min(url.find('/', place), url.size());
  const std::string_view authority = url.substr(place, end - place);
  const std::size_t at = authority.rfind('@');
  const std::size_t user_bytes = at == authority.npos ? 0 : at + 1;
  const std::string before(url.substr(0, place + user_bytes));
  std::string_view hosts = authority.substr(user_bytes);
  std::vector<std::string> urls;
  for (;;) {
    const std::size_t comma = hosts.find(',');
    urls.push_back(before + std::string(hosts.substr(0, comma)) + std::string(url.substr(end)));
    if (comma == hosts.npos) return urls;
    hosts.remove_prefix(comma + 1);
  }
}

}  // namespace waybill::amqp
