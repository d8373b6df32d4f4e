#include "tests/queues/loopback_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/file_descriptor.h"

namespace waybill {
namespace {

std::string unchunked(std::string_view text) {
  std::string body;
  for (;;) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, 16);
    const std::size_t line = text.find("\r\n");
    if (error != std::errc{} || size == 0 || line == text.npos) return body;
    body += text.substr(line + 2, size);
    text.remove_prefix(std::min(text.size(), line + 2 + size + 2));
  }
}

Result<HttpResponse> parse_response(std::string_view text) {
  HttpResponse response;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == text.npos || text.size() < 12) return fail(Code::aborted, "half an answer");
  std::from_chars(text.data() + 9, text.data() + 12, response.status);
  std::string_view head = text.substr(0, end + 2);
  for (head.remove_prefix(head.find("\r\n") + 2); !head.empty();
       head.remove_prefix(head.find("\r\n") + 2)) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    response.headers.emplace_back(std::move(name), value);
  }
  response.body = text.substr(end + 4);
  if (header(response, "transfer-encoding") == "chunked") response.body = unchunked(response.body);
  return response;
}

/// Servers may keep a connection that they were asked to close.
bool is_whole(std::string_view text) {
  const auto response = parse_response(text);
  if (!response) return false;
  const std::string_view body = text.substr(text.find("\r\n\r\n") + 4);
  if (header(*response, "transfer-encoding") == "chunked") return body.ends_with("0\r\n\r\n");
  const std::string_view length = header(*response, "content-length");
  return !length.empty() && std::to_string(body.size()) == length;
}

/// A request that a stop ends.
class Exchange {
 public:
  Exchange(const Deadline& deadline)
      : deadline_(deadline), stop_(deadline.stop, Wake{wake_.get()}) {}

  Status connect(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address)) {
      return fail(system_error(errno, "connecting to port " + std::to_string(port)));
    }
    return {};
  }
  Status write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return fail(Code::aborted, "the connection was cut");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }
  /// What comes until the answer is whole, or the server closes the connection.
  Result<std::string> read() {
    std::string all;
    while (!is_whole(all)) {
      if (const Status there = wait(); !there) return fail(there.error());
      char buffer[65536];
      const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (count < 0) return fail(Code::aborted, "the connection was cut");
      if (count == 0) return all;
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  struct Wake {
    int fd;
    void operator()() const { ::eventfd_write(fd, 1); }
  };
  Status wait() {
    using std::chrono::milliseconds;
    pollfd fds[] = {{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    const SteadyTime now = std::chrono::floor<Duration>(std::chrono::steady_clock::now());
    const auto left = std::chrono::ceil<milliseconds>(deadline_.at - now);
    const int ready = ::poll(
        fds, 2,
        static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, std::int64_t{3'600'000})));
    if (fds[1].revents != 0) return fail(Code::cancelled, "stopped");
    if (ready <= 0) return fail(Code::deadline_exceeded, "time is up");
    return {};
  }

  const Deadline deadline_;
  const FileDescriptor socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const FileDescriptor wake_{::eventfd(0, EFD_CLOEXEC)};
  const std::stop_callback<Wake> stop_;
};

}  // namespace

Result<HttpResponse> LoopbackHttp::send(const HttpRequest& request, const Deadline& deadline) {
  const std::size_t host = request.url.find("//") + 2;
  const std::size_t colon = request.url.find(':', host);
  const std::size_t slash = std::min(request.url.find('/', host), request.url.size());
  int port = 0;
  if (colon < slash) {
    std::from_chars(request.url.data() + colon + 1, request.url.data() + slash, port);
  }
  if (port == 0) return fail(Code::invalid_argument, request.url + " names no port");
  std::string text =
      request.method + " " + request.url.substr(slash) +
      " HTTP/1.1\r\nHost: " + request.url.substr(host, slash - host) +
      "\r\nConnection: close\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  for (const auto& [name, value] : request.headers) {
    if (name != "Host" && name != "host") text += name + ": " + value + "\r\n";
  }
  text += "\r\n" + request.body;
  Exchange exchange(deadline);
  if (const Status connected = exchange.connect(port); !connected) return fail(connected.error());
  if (const Status written = exchange.write(text); !written) return fail(written.error());
  const auto answer = exchange.read();
  return answer ? parse_response(*answer) : fail(answer.error());
}

}  // namespace waybill
