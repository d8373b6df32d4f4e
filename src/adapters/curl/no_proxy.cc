#include "adapters/curl/no_proxy.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string>

#include "adapters/curl/request_check.h"
#include "base/ascii.h"
#include "core/ip_network.h"

namespace waybill {
namespace {

constexpr std::string_view kSeparators = ", \t";
constexpr int kBits = 128;
constexpr int kBitsBeforeIpv4 = 96;

struct Place {
  std::string host;  // in lower case, without brackets
  std::string port;  // empty: any
};

Place place_of(std::string_view text) {
  const std::string lower = to_lower(text);
  const std::size_t colon = lower.rfind(':');
  if (lower.starts_with('[')) {
    const std::size_t end = std::min(lower.find(']'), lower.size());
    const bool has_port = colon != std::string::npos && colon > end;
    return {.host = lower.substr(1, end - 1), .port = has_port ? lower.substr(colon + 1) : ""};
  }
  // More than one is an address of IPv6.
  if (colon == std::string::npos || lower.find(':') != colon) return {.host = lower, .port = ""};
  return {.host = lower.substr(0, colon), .port = lower.substr(colon + 1)};
}

/// Bits after the beginning may be anything, unlike in what Waybill itself is told.
std::optional<IpNetwork> network_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ip_address(text.substr(0, slash));
  const std::string_view number = text.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  if (!address || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (text.find(':') == std::string_view::npos) bits += kBitsBeforeIpv4;
  if (number.starts_with('-') || bits > kBits) return std::nullopt;
  return IpNetwork{.address = *address, .bits = bits};
}

bool is_metadata_server(const Place& place, const std::optional<IpAddress>& address) {
  if (!address) return place.host == "metadata.google.internal";
  constexpr std::string_view kNetworks[] = {"169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"};
  return std::any_of(std::begin(kNetworks), std::end(kNetworks),
                     [&](std::string_view text) { return contains(*network_of(text), *address); });
}

bool names(std::string_view entry, const Place& place, const std::optional<IpAddress>& address) {
  if (entry == "*") return true;
  if (const auto network = network_of(entry)) return address && contains(*network, *address);
  Place named = place_of(entry);
  if (named.host.empty() || (!named.port.empty() && named.port != place.port)) return false;
  if (const auto one = parse_ip_address(named.host)) return address == one;
  if (address) return false;
  if (named.host.starts_with("*.")) named.host.erase(0, 1);
  if (named.host.starts_with('.')) return place.host.ends_with(named.host);
  return place.host == named.host || place.host.ends_with('.' + named.host);
}

}  // namespace

bool goes_without_proxy(std::string_view url, std::string_view no_proxy) {
  Place place = place_of(host_of(url));
  if (place.port.empty()) place.port = to_lower(url.substr(0, 6)) == "https:" ? "443" : "80";
  const auto address = parse_ip_address(place.host);
  if (is_metadata_server(place, address)) return true;
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(kSeparators), no_proxy.size());
    if (names(no_proxy.substr(0, end), place, address)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

}  // namespace waybill
