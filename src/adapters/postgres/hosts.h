#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill::postgres {

/// One of the servers that a conninfo names; what is empty stands in the conninfo.
struct Host {
  std::string host;
  std::string hostaddr;
  std::string port;
};

/// Where a conninfo, with libpq's variables for what it does not say, leads to.
struct Hosts {
  std::vector<Host> all;             ///< in their order; at least one
  Duration connect_time_max{};       ///< for one of them, as `connect_timeout` says; zero: not said
  bool asks_for_any_session = true;  ///< a server that cannot be written would do
};

/// `invalid_argument` for what libpq cannot read; says no more of it, as it may hold a password.
Result<Hosts> hosts_of(const std::string& conninfo);

}  // namespace waybill::postgres
