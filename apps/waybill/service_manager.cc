#include "apps/waybill/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/file_descriptor.h"
#include "base/log.h"

namespace waybill::cli {
namespace {

constexpr time_t kPatienceSeconds = 5;

void tell(const std::string& state) {
  const Status told = notify_service_manager(process_environment(), state);
  if (told) return;
  log::warn("service_manager_not_told", told.error().message);
}

}  // namespace

Status notify_service_manager(const Variables& environment, const std::string& state) {
  const std::string path = variable_in(environment, "NOTIFY_SOCKET");
  if (path.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((path[0] != '/' && path[0] != '@') || path.size() >= sizeof address.sun_path) {
    return fail(Code::unavailable, "NOTIFY_SOCKET is no address of a socket: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // a name without a file
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail(system_error(errno, "opening a socket for " + path));
  // While many services start at once its queue may be full for a moment.
  const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
    return fail(system_error(errno, "bounding the wait for " + path));
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  if (::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, to, size) < 0) {
    return fail(Code::unavailable,
                "telling " + state + " to " + path + ": " + std::strerror(errno));
  }
  return {};
}

void tell_ready() { tell("READY=1"); }

void tell_stopping() { tell("STOPPING=1"); }

}  // namespace waybill::cli
