#include "bench/http/load_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include "base/ascii.h"

namespace waybill::bench {
namespace {

constexpr int kAnswerWaitMs = 30'000;

Error broken(const char* what) {
  return {.code = Code::unavailable, .message = std::string(what) + ": " + std::strerror(errno)};
}

/// The value of a header by its lower-case name; empty: there is none.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at)) {
    at += 2;
    if (head.size() < at + name.size() + 2 || head[at + name.size()] != ':') continue;
    if (to_lower(head.substr(at, name.size())) != name) continue;
    const std::size_t begin = head.find_first_not_of(' ', at + name.size() + 1);
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  return {};
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

struct LoadLoop::Connection {
  LoadClient& client;
  FileDescriptor socket;
  std::size_t index;
  std::string unsent{};
  std::string bytes{};
  Steady::time_point asked_at{};
  bool asked = false;
  bool waits_for_room = false;
  bool streams = false;
};

LoadLoop::LoadLoop(const LoadParams& params)
    : params_(params), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
LoadLoop::~LoadLoop() = default;

Result<std::size_t> LoadLoop::add(LoadClient& client) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(params_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return fail(broken("connecting"));
  }
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto connection =
      std::make_unique<Connection>(Connection{client, std::move(socket), connections_.size()});
  epoll_event event{.events = EPOLLIN, .data = {.ptr = connection.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->socket.get(), &event) != 0) {
    return fail(broken("watching a connection"));
  }
  connections_.push_back(std::move(connection));
  return connections_.size() - 1;
}

void LoadLoop::send(std::size_t connection, std::string request) {
  Connection& on = *connections_[connection];
  on.asked_at = Steady::now();
  if (request.empty() || on.asked || on.asked_at >= until_) return;
  on.unsent = std::move(request);
  on.asked = true;
  ++asked_;
  // What breaks here is seen when the answer is read.
  (void)flush(on);
}

/// Sockets take what they can; the rest is sent by run, when there is room.
Status LoadLoop::flush(Connection& connection) {
  while (!connection.unsent.empty()) {
    const ssize_t sent = ::send(connection.socket.get(), connection.unsent.data(),
                                connection.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return fail(broken("sending"));
    connection.unsent.erase(0, static_cast<std::size_t>(sent));
  }
  if (connection.waits_for_room == !connection.unsent.empty()) return {};
  connection.waits_for_room = !connection.unsent.empty();
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
  if (connection.waits_for_room) event.events |= EPOLLOUT;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
  return {};
}

Status LoadLoop::read(Connection& connection) {
  std::array<char, 256u << 10> buffer;
  const ssize_t got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got < 0) return fail(broken("receiving"));
  if (got == 0) return fail(Code::unavailable, "the server closed a connection");
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  if (connection.streams) {
    connection.client.stream(bytes);
    return {};
  }
  connection.bytes.append(bytes);
  return take_answers(connection);
}

Status LoadLoop::take_answers(Connection& connection) {
  const std::size_t end = connection.bytes.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  const std::string_view head = std::string_view(connection.bytes).substr(0, end + 2);
  const int status = static_cast<int>(number(head.substr(9, 3)));
  const std::string_view length = header(head, "content-length");
  if (length.empty() && !header(head, "transfer-encoding").empty()) {
    connection.streams = true;
    connection.client.stream(std::string_view(connection.bytes).substr(end + 4));
    take_answer(connection, status, "");
    return {};
  }
  const std::size_t size = number(length);
  if (connection.bytes.size() < end + 4 + size) return {};
  const std::string whole = std::exchange(connection.bytes, {});
  take_answer(connection, status, std::string_view(whole).substr(end + 4, size));
  return {};
}

void LoadLoop::take_answer(Connection& connection, int status, std::string_view body) {
  last_answer_ = Steady::now();
  if (last_answer_ >= counted_from_) {
    const std::chrono::duration<double, std::milli> took = last_answer_ - connection.asked_at;
    result_.answered_ms.push_back(took.count());
  }
  connection.asked = false;
  --asked_;
  send(connection.index, connection.client.next(status, body));
}

Result<LoadResult> LoadLoop::run() {
  const auto as_time = [](double seconds) {
    return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  };
  counted_from_ = Steady::now() + as_time(params_.warm_up_s);
  until_ = counted_from_ + as_time(params_.seconds);
  for (std::size_t i = 0; i < connections_.size(); ++i) send(i, connections_[i]->client.first());
  std::array<epoll_event, 256> events;
  while (asked_ > 0) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), kAnswerWaitMs);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(broken("waiting"));
    if (count == 0) return fail(Code::unavailable, "an answer did not come in time");
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count))) {
      Connection& connection = *static_cast<Connection*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0) {
        if (Status sent = flush(connection); !sent) return fail(sent.error());
      }
      if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) == 0) continue;
      if (Status taken = read(connection); !taken) return fail(taken.error());
    }
  }
  result_.seconds = std::chrono::duration<double>(last_answer_ - counted_from_).count();
  std::ranges::sort(result_.answered_ms);
  return std::move(result_);
}

}  // namespace waybill::bench
