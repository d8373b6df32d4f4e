#include "http/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <cerrno>
#include <system_error>

namespace waybill::http {
namespace {

Code code_of(int error) {
  if (error == EACCES || error == EPERM) return Code::permission_denied;
  return error == EADDRNOTAVAIL ? Code::invalid_argument : Code::unavailable;
}

}  // namespace

Result<SocketAddress> parse_address(const std::string& text, std::uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.is_v6 = true;
    return address;
  }
  return fail(Code::invalid_argument,
              "\"" + text + "\" is no numeric address such as 127.0.0.1 or ::1");
}

tl::unexpected<Error> listen_error(int error, const std::string& address, std::uint16_t port) {
  return fail(code_of(error), "listening on " + address + " port " + std::to_string(port) + ": " +
                                  std::generic_category().message(error) +
                                  "; choose another with --listen ADDRESS:PORT");
}

bool has_gone(int socket) {
  pollfd looked{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&looked, 1, 0) > 0 && (looked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace waybill::http
