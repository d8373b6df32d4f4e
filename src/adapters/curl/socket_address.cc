#include "adapters/curl/socket_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace waybill {

std::optional<IpAddress> address_of_socket(int family, const sockaddr& address) {
  IpAddress found{};
  if (family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(found.data(), &six.sin6_addr, found.size());
    return found;
  }
  if (family != AF_INET) return std::nullopt;
  const auto& four = reinterpret_cast<const sockaddr_in&>(address);
  found[10] = found[11] = 0xff;
  std::memcpy(found.data() + 12, &four.sin_addr, 4);
  return found;
}

}  // namespace waybill
