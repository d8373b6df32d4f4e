#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// An address of IPv6, or one of IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
using IpAddress = std::array<std::uint8_t, 16>;

/// Reads "192.0.2.1" or "2001:db8::1", without brackets or a zone; none for anything else.
std::optional<IpAddress> parse_ip_address(std::string_view text);
/// As it is usually written.
std::string to_string(const IpAddress& address);

/// Addresses that begin alike.
struct IpNetwork {
  IpAddress address{};
  int bits = 128;  ///< of the beginning; those of IPv4 begin with 96 of ::ffff:0:0/96

  bool operator==(const IpNetwork&) const = default;
};
/// Reads "10.0.0.0/8", "fd00::/8" or a single address. `invalid_argument` says what is wrong: bits
/// after the beginning have to be zero, lest a slip opens more than was meant.
Result<IpNetwork> parse_ip_network(std::string_view text);
bool contains(const IpNetwork& network, const IpAddress& address);

/// Whether an address is anybody's on the internet: none of this machine, of private networks, of
/// links, of groups, or of those that stand for such (IANA's registries of special-purpose
/// addresses, RFC 6890).
bool is_public(const IpAddress& address);

}  // namespace waybill
