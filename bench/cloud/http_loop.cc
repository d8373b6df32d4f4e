#include "bench/cloud/http_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/file_descriptor.h"
#include "base/percent.h"

namespace waybill::bench {
namespace {

using Steady = std::chrono::steady_clock;

bool is_same_name(std::string_view given, std::string_view lower) {
  return std::ranges::equal(given, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

/// What comes before `mark`; takes both off `text`.
std::string_view cut(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + mark.size());
  return before;
}

/// The first request of the bytes, and how many it takes; none: it is not there whole yet.
std::optional<CloudRequest> first_request(std::string_view bytes, std::size_t& size) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return std::nullopt;
  CloudRequest request;
  std::string_view head = bytes.substr(0, end + 2);
  std::string_view line = cut(head, "\r\n");
  request.method = cut(line, " ");
  std::string_view target = cut(line, " ");
  request.path = cut(target, "?");
  request.query = target;
  request.head = head;
  const std::string_view length = request.header("content-length");
  std::size_t body_bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  size = end + 4 + body_bytes;
  if (bytes.size() < size) return std::nullopt;
  request.body = bytes.substr(end + 4, body_bytes);
  return request;
}

std::string render(const CloudResponse& response) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " -\r\nContent-Type: ";
  text.append(response.type).append("\r\nContent-Length: ");
  text.append(std::to_string(response.body.size())).append("\r\n\r\n").append(response.body);
  return text;
}

}  // namespace

std::string_view CloudRequest::header(std::string_view name) const {
  for (std::string_view rest = head; !rest.empty();) {
    std::string_view line = cut(rest, "\r\n");
    if (!is_same_name(cut(line, ":"), name)) continue;
    const std::size_t begin = line.find_first_not_of(" \t");
    return begin == line.npos ? std::string_view() : line.substr(begin);
  }
  return {};
}

std::string CloudRequest::parameter(std::string_view name) const {
  for (std::string_view rest = query; !rest.empty();) {
    std::string_view pair = cut(rest, "&");
    if (cut(pair, "=") == name) return from_percent(pair).value_or("");
  }
  return {};
}

/// The state of one run.
class HttpLoop::Serving {
 public:
  explicit Serving(HttpLoop& loop) : loop_(loop) {}
  Status run();

 private:
  struct Connection {
    FileDescriptor socket;
    std::uint64_t number = 0;  // tells it from a later one of the same descriptor
    std::string in{};
    std::string out{};
    bool is_full = false;  // what is in `out` waits for room
  };
  struct Held {
    Steady::time_point due;
    int socket;
    std::uint64_t number;
    std::string bytes;
  };

  bool watch(int fd, std::uint32_t events, int operation) const;
  void accept_all();
  void read_from(Connection& connection);
  void answer(Connection& connection);
  void send(Connection& connection, std::string bytes);
  void flush(Connection& connection);
  void release_held();
  int wait_ms() const;

  HttpLoop& loop_;
  FileDescriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
  std::unordered_map<int, Connection> connections_;
  std::deque<Held> held_;  // all by the same delay: in the order of their time
};

bool HttpLoop::Serving::watch(int fd, std::uint32_t events, int operation) const {
  epoll_event event{.events = events, .data = {.fd = fd}};
  return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

Status HttpLoop::Serving::run() {
  if (!watch(loop_.listener_, EPOLLIN, EPOLL_CTL_ADD)) {
    return fail(system_error(errno, "watching the listening socket"));
  }
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    if (count < 0 && errno != EINTR) return fail(system_error(errno, "waiting for requests"));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == loop_.listener_) {
        accept_all();
        continue;
      }
      const auto found = connections_.find(event.data.fd);
      if (found == connections_.end()) continue;
      if ((event.events & EPOLLOUT) != 0) flush(found->second);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read_from(found->second);
    }
    release_held();
  }
}

int HttpLoop::Serving::wait_ms() const {
  if (held_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(held_.front().due - Steady::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void HttpLoop::Serving::accept_all() {
  for (;;) {
    const int fd = accept4(loop_.listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connections_.insert_or_assign(
        fd, Connection{.socket = FileDescriptor(fd), .number = ++loop_.connections_});
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void HttpLoop::Serving::read_from(Connection& connection) {
  std::array<char, 65536> buffer;
  const ssize_t size = recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    connections_.erase(connection.socket.get());
    return;
  }
  connection.in.append(buffer.data(), static_cast<std::size_t>(size));
  answer(connection);
}

void HttpLoop::Serving::answer(Connection& connection) {
  std::size_t done = 0;
  for (;;) {
    std::size_t size = 0;
    const auto request = first_request(std::string_view(connection.in).substr(done), size);
    if (!request) break;
    const CloudResponse response = loop_.handler_(*request);
    done += size;
    if (loop_.delay_.count() == 0 || response.at_once) {
      send(connection, render(response));
    } else {
      held_.push_back({.due = Steady::now() + loop_.delay_,
                       .socket = connection.socket.get(),
                       .number = connection.number,
                       .bytes = render(response)});
    }
  }
  connection.in.erase(0, done);
}

void HttpLoop::Serving::release_held() {
  const auto now = Steady::now();
  for (; !held_.empty() && held_.front().due <= now; held_.pop_front()) {
    const auto found = connections_.find(held_.front().socket);
    if (found == connections_.end() || found->second.number != held_.front().number) continue;
    send(found->second, std::move(held_.front().bytes));
  }
}

void HttpLoop::Serving::send(Connection& connection, std::string bytes) {
  connection.out = connection.out.empty() ? std::move(bytes) : connection.out + bytes;
  flush(connection);
}

void HttpLoop::Serving::flush(Connection& connection) {
  const int fd = connection.socket.get();
  while (!connection.out.empty()) {
    const ssize_t size = ::send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (size < 0) break;
    connection.out.erase(0, static_cast<std::size_t>(size));
  }
  // A connection that broke is noticed when it is read.
  const bool is_full = !connection.out.empty() && (errno == EAGAIN || errno == EINTR);
  if (is_full == connection.is_full) return;
  connection.is_full = is_full;
  watch(fd, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

Result<std::uint16_t> HttpLoop::listen() {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket.is_open() || bind(socket.get(), generic, size) != 0 ||
      ::listen(socket.get(), 1024) != 0 || getsockname(socket.get(), generic, &size) != 0) {
    return fail(system_error(errno, "listening on a port of 127.0.0.1"));
  }
  listener_ = socket.release();
  return ntohs(address.sin_port);
}

Status HttpLoop::run() { return Serving(*this).run(); }

}  // namespace waybill::bench
