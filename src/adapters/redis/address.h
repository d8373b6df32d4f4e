#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill::redis {

/// Where a server is, and who we are there.
struct Address {
  std::string host;
  int port = 6379;
  std::string socket;    ///< the path of a Unix socket; empty: host and port count
  std::string user;      ///< empty: the server's default one
  std::string password;  ///< empty: none
  int database = 0;      ///< channels are of all databases: only what the server checks
};

/// Reads redis://[user][:password@]host[:port][/database], or unix://[user][:password@]/path, both
/// with %XX in user and password. `invalid_argument` says what is wrong and shows nothing of the
/// URL.
Result<Address> parse_address(std::string_view url);

/// "redis.example:6379" or the path of the socket: nothing secret.
std::string place_of(const Address& address);

}  // namespace waybill::redis
