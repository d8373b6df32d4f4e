#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace waybill::http {

/// A numeric address of either family, with its port.
struct SocketAddress {
  sockaddr_storage bytes{};
  bool is_v6 = false;
};
/// `invalid_argument`: it is none.
Result<SocketAddress> parse_address(const std::string& address, std::uint16_t port);

/// What `errno` says after listening on it failed, with what to do.
tl::unexpected<Error> listen_error(int error, const std::string& address, std::uint16_t port);

/// Whether the other side has closed the connection, or its half of it.
bool has_gone(int socket);

}  // namespace waybill::http
