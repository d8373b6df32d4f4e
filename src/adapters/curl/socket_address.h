#pragma once

#include <optional>

#include "core/ip_network.h"

struct sockaddr;

namespace waybill {

/// None for what is no address of the internet.
std::optional<IpAddress> address_of_socket(int family, const sockaddr& address);

}  // namespace waybill
