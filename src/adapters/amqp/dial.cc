#include "adapters/amqp/dial.h"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "adapters/amqp/reply.h"
#include "base/file_descriptor.h"

namespace waybill::amqp {
namespace {

using StopCallback = std::stop_callback<std::function<void()>>;

constexpr Duration kUnheardMax = std::chrono::seconds(1);

/// A stop as something to poll for.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        tell_(stop, [fd = event_.get()] { ::eventfd_write(fd, 1); }) {}
  int fd() const { return event_.get(); }

 private:
  FileDescriptor event_;
  StopCallback tell_;
};

Error stopped() { return {.code = Code::cancelled, .message = "asked to stop"}; }

/// 0, or errno: ETIMEDOUT after `time_max`, ECANCELED after a stop.
int wait_connected(int socket, const StopEvent& stop, Duration time_max) {
  std::array<pollfd, 2> wanted = {pollfd{.fd = socket, .events = POLLOUT, .revents = 0},
                                  pollfd{.fd = stop.fd(), .events = POLLIN, .revents = 0}};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(time_max).count();
  int ready = 0;
  do {
    ready = ::poll(wanted.data(), wanted.size(),
                   static_cast<int>(std::clamp<std::int64_t>(wait, 1, 3'600'000)));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return errno;
  if (ready == 0) return ETIMEDOUT;
  if (wanted[1].revents != 0) return ECANCELED;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/// A connected socket as the library wants it, or minus errno.
int open_socket(const addrinfo& place, const StopEvent& stop, Duration time_max) {
  FileDescriptor socket(
      ::socket(place.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, place.ai_protocol));
  if (!socket.is_open()) return -errno;
  int error = ::connect(socket.get(), place.ai_addr, place.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = wait_connected(socket.get(), stop, time_max);
  if (error != 0) return -error;
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket.release();
}

/// Hangs up a TLS handshake that is under way when a stop comes.
class HandshakeCut {
 public:
  HandshakeCut(amqp_socket_t* socket, std::stop_token stop)
      : context_(static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket))),
        stop_(std::move(stop)) {
    SSL_CTX_set_app_data(context_, this);
    SSL_CTX_set_info_callback(context_, &HandshakeCut::on_state);
  }
  ~HandshakeCut() {
    SSL_CTX_set_info_callback(context_, nullptr);
    SSL_CTX_set_app_data(context_, nullptr);
  }
  HandshakeCut(const HandshakeCut&) = delete;
  HandshakeCut& operator=(const HandshakeCut&) = delete;

  /// Whether there was a TCP connection.
  bool has_begun() const { return cut_.has_value(); }

 private:
  static void on_state(const SSL* ssl, int where, int /*value*/) {
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    auto* self = static_cast<HandshakeCut*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    self->begin(SSL_get_fd(ssl));
  }
  void begin(int fd) {
    cut_.reset();
    // Of our own: the library closes its number when the handshake fails, and anybody may get it.
    socket_ = FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    cut_.emplace(stop_, [own = socket_.get()] { ::shutdown(own, SHUT_RDWR); });
  }

  SSL_CTX* const context_;
  const std::stop_token stop_;
  FileDescriptor socket_;
  std::optional<StopCallback> cut_;  // goes before its socket
};

}  // namespace

Status dial(amqp_socket_t* socket, const DialParams& params) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(params.port);
  if (const int error = ::getaddrinfo(params.host.c_str(), port.c_str(), &hints, &list);
      error != 0) {
    return fail(Code::unavailable, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> places(list, &::freeaddrinfo);
  int count = 0;
  for (const addrinfo* place = list; place != nullptr; place = place->ai_next) ++count;
  const StopEvent stop(params.stop);
  int error = ENOENT;
  for (const addrinfo* place = list; place != nullptr; place = place->ai_next) {
    const int opened = open_socket(*place, stop, params.time_max / count);
    if (opened >= 0) {
      amqp_tcp_socket_set_sockfd(socket, opened);
      return {};
    }
    error = -opened;
    if (error == ECANCELED) return fail(stopped());
  }
  return fail(Code::unavailable, std::generic_category().message(error));
}

Status dial_encrypted(amqp_socket_t* socket, const DialParams& params) {
  HandshakeCut cut(socket, params.stop);
  Duration left = params.time_max;
  int status = AMQP_STATUS_TIMEOUT;
  while (status == AMQP_STATUS_TIMEOUT && left > Duration(0)) {
    // A handshake can be cut off, and may take its time.
    const Duration time = cut.has_begun() ? left : std::min(left, kUnheardMax);
    const timeval wait{.tv_sec = time.count() / 1'000'000, .tv_usec = time.count() % 1'000'000};
    status = amqp_socket_open_noblock(socket, params.host.c_str(), params.port, &wait);
    if (status == AMQP_STATUS_OK) return {};
    if (params.stop.stop_requested()) return fail(stopped());
    left -= time;
  }
  return fail(library_error(status, "a TLS connection"));
}

}  // namespace waybill::amqp
