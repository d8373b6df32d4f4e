#include "core/webhook_address.h"

#include <algorithm>

#include "core/webhook.h"

namespace waybill {
namespace {

constexpr std::string_view kAdvice =
    "; to reach private networks, name them in --webhook-networks, here and of the server";

/// Without port and brackets. The URL is as check_webhook wants it.
std::string_view host_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("/?"));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

}  // namespace

bool webhook_may_reach(std::span<const IpNetwork> networks, std::string_view url,
                       const IpAddress& address) {
  const bool is_named = std::ranges::any_of(
      networks, [&](const IpNetwork& network) { return contains(network, address); });
  return is_named || (is_encrypted(url) && is_public(address));
}

Status check_webhook_address(std::span<const IpNetwork> networks, std::string_view url) {
  if (!is_encrypted(url) && networks.empty()) {
    return fail(
        Code::invalid_argument,
        "url: it has to be https://, lest others read it on the way" + std::string(kAdvice));
  }
  const auto address = parse_ip_address(host_of(url));
  if (!address || webhook_may_reach(networks, url, *address)) return {};
  return fail(Code::invalid_argument, "url: " + to_string(*address) +
                                          " is an address that webhooks must not reach" +
                                          std::string(kAdvice));
}

}  // namespace waybill
