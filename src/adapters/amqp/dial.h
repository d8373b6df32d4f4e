#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"

struct amqp_socket_t_;

namespace waybill::amqp {

struct DialParams {
  std::string host;
  int port = 0;
  Duration time_max{};
  std::stop_token stop{};  ///< ends the waiting with `cancelled`
};

/// Connects the library's TCP socket to the first of the host's addresses that answers. Only
/// finding out the addresses takes as long as the system's resolver does.
Status dial(amqp_socket_t_* socket, const DialParams& params);

/// Connects the library's TLS socket, handshake included. The library lets nobody into its own
/// waiting for the TCP connection: a stop is heard there within a second.
Status dial_encrypted(amqp_socket_t_* socket, const DialParams& params);

}  // namespace waybill::amqp
