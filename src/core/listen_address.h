#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// Where a server listens.
struct ListenAddress {
  std::string address;  ///< numeric: "127.0.0.1", "::1"
  std::uint16_t port = 0;
  bool is_loopback = false;  ///< whether only this machine can reach it
};

/// Reads "127.0.0.1:8470", "[::1]:0" or "localhost:8470". `invalid_argument` says what would be
/// right.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// Whether a host as URLs and Host headers write it is this machine: "localhost" or an address of
/// loopback, with or without a port.
bool is_loopback_host(std::string_view host);

}  // namespace waybill
