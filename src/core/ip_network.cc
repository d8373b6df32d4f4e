#include "core/ip_network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

namespace waybill {
namespace {

constexpr int kBitsOfIpv4 = 96;  // before the 32 of the address itself

bool is_ipv4(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

IpAddress mapped(const std::uint8_t* four) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  std::copy_n(four, 4, address.begin() + 12);
  return address;
}

bool is_in_any(std::span<const IpNetwork> networks, const IpAddress& address) {
  return std::ranges::any_of(networks,
                             [&](const IpNetwork& network) { return contains(network, address); });
}

std::vector<IpNetwork> networks(std::initializer_list<std::string_view> texts) {
  std::vector<IpNetwork> made;
  for (const std::string_view text : texts) made.push_back(parse_ip_network(text).value());
  return made;
}

/// IANA's IPv4 Special-Purpose Address Registry, and the groups and the reserved ones.
bool is_special_ipv4(const IpAddress& address) {
  static const std::vector<IpNetwork> kSpecial = networks(
      {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
       "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
       "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"});
  return is_in_any(kSpecial, address);
}

/// Within 2000::/3, which alone is given out: what is not for everybody, and what stands for an
/// address of IPv4 that is looked at nowhere (Teredo, 6to4).
bool is_special_ipv6(const IpAddress& address) {
  static const std::vector<IpNetwork> kSpecial =
      networks({"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"});
  return is_in_any(kSpecial, address);
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != copy.npos) return std::nullopt;
  IpAddress address{};
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, copy.c_str(), four.data()) == 1) return mapped(four.data());
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4(address)) {
    inet_ntop(AF_INET, address.data() + 12, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  }
  return text.data();
}

Result<IpNetwork> parse_ip_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  const auto wrong = [&](std::string_view why) {
    return fail(Code::invalid_argument, "\"" + std::string(text) + "\" " + std::string(why));
  };
  if (!address) return wrong("is no network: write it as 10.0.0.0/8, fd00::/8 or one address");
  IpNetwork network{.address = *address};
  if (slash == text.npos) return network;
  const bool v4 = text.substr(0, slash).find(':') == text.npos;
  const std::string_view digits = text.substr(slash + 1);
  int bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const int bits_max = v4 ? 32 : 128;
  if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > bits_max) {
    return wrong("has to end with a number of bits from 0 to " + std::to_string(bits_max));
  }
  network.bits = v4 ? kBitsOfIpv4 + bits : bits;
  for (int bit = network.bits; bit < 128; ++bit) {
    const auto index = static_cast<std::size_t>(bit / 8);
    if ((network.address[index] >> (7 - bit % 8) & 1) != 0) {
      return wrong("has bits after the first " + std::to_string(bits) +
                   ": they have to be zero, or it is another network");
    }
  }
  return network;
}

bool contains(const IpNetwork& network, const IpAddress& address) {
  const auto whole = static_cast<std::size_t>(network.bits / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.address.begin())) {
    return false;
  }
  const int rest = network.bits % 8;
  if (rest == 0) return true;
  const int difference = address[whole] ^ network.address[whole];
  return difference >> (8 - rest) == 0;
}

bool is_public(const IpAddress& address) {
  if (is_ipv4(address)) return !is_special_ipv4(address);
  // Translated to IPv4 on the way (RFC 6052): what counts is where it comes out.
  static const IpNetwork kTranslated = parse_ip_network("64:ff9b::/96").value();
  if (contains(kTranslated, address)) return !is_special_ipv4(mapped(address.data() + 12));
  const bool is_given_out = address[0] >> 5 == 1;  // 2000::/3
  return is_given_out && !is_special_ipv6(address);
}

}  // namespace waybill
