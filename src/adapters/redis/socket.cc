#include "adapters/redis/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/file_descriptor.h"

namespace waybill::redis {
namespace {

tl::unexpected<Error> failed(const Address& address, int error) {
  const std::string why = std::generic_category().message(error);
  return fail(error == ETIMEDOUT ? Code::deadline_exceeded : Code::unavailable,
              "connecting to Redis at " + place_of(address) + ": " + why);
}

/// 0, or errno.
int wait_connected(int socket, Duration time_max) {
  pollfd wanted{.fd = socket, .events = POLLOUT, .revents = 0};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(time_max).count();
  const int ready = ::poll(&wanted, 1, static_cast<int>(std::clamp<std::int64_t>(wait, 1, 60'000)));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

/// A connected socket that blocks, or minus errno.
int open_socket(const sockaddr* place, socklen_t size, Duration time_max) {
  FileDescriptor socket(::socket(place->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return -errno;
  int error = ::connect(socket.get(), place, size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = wait_connected(socket.get(), time_max);
  if (error == 0 && ::fcntl(socket.get(), F_SETFL, 0) != 0) error = errno;
  return error == 0 ? socket.release() : -error;
}

Result<int> connect_unix(const Address& address, Duration time_max) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  if (address.socket.size() >= sizeof place.sun_path) return failed(address, ENAMETOOLONG);
  std::memcpy(place.sun_path, address.socket.data(), address.socket.size());
  const int socket = open_socket(reinterpret_cast<sockaddr*>(&place), sizeof place, time_max);
  if (socket < 0) return failed(address, -socket);
  return socket;
}

/// Finds within a minute that nobody is there, and sends small messages at once.
void set_options(int socket) {
  const auto set = [&](int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

Result<int> connect_to(const Address& address, Duration time_max) {
  if (!address.socket.empty()) return connect_unix(address, time_max);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list);
      error != 0) {
    return fail(Code::unavailable,
                "finding Redis at " + place_of(address) + ": " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> places(list, &::freeaddrinfo);
  int count = 0;
  for (const addrinfo* place = list; place != nullptr; place = place->ai_next) ++count;
  int error = ENOENT;
  for (const addrinfo* place = list; place != nullptr; place = place->ai_next) {
    const int socket = open_socket(place->ai_addr, place->ai_addrlen, time_max / count);
    if (socket >= 0) {
      set_options(socket);
      return socket;
    }
    error = -socket;
  }
  return failed(address, error);
}

}  // namespace waybill::redis
