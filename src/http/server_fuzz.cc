// Bytes as anybody may send them to the server's socket, through the HTTP library and all that
// stands around it: whatever they are, what is answered is HTTP, and the next client is served.
#include "http/server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/file_descriptor.h"
#include "testing/threaded_clock.h"

namespace waybill::http {
namespace {

/// What does not come in that time is not waited for: much of what is sent gets no answer.
constexpr int kPatienceMs = 2;
constexpr int kServedEvery = 50;
constexpr std::string_view kGood = "GET /good HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

class Plain final : public Application {
 public:
  Reply handle(const Request& request) override {
    WAYBILL_CHECK(request.path.find('\0') == std::string::npos, "a NUL in a path");
    for (const auto& [name, value] : request.headers) {
      WAYBILL_CHECK(value.find('\0') == std::string::npos, "a NUL in a header");
    }
    return Response{.body = "done", .headers = {}, .stream = nullptr};
  }
  bool answer_at_once(const Request& request, const std::function<ServerCounts()>&,
                      Response& response) override {
    if (request.path != "/good") return false;
    response.body = "good";
    return true;
  }
  Response refusal(const Request&, int status, std::string_view why) override {
    return {.status = status, .body = std::string(why), .headers = {}, .stream = nullptr};
  }
};

struct World {
  ThreadedClock clock;
  Plain application;
  std::unique_ptr<Server> server = Server::create({.handler_threads = 1,
                                                   .body_bytes_max = 4096,
                                                   .thrown_bytes_max = 8192,
                                                   .header_bytes_max = 2048},
                                                  application, clock)
                                       .value();
  int inputs = 0;
};

FileDescriptor connected(const Server& server) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int done = ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  WAYBILL_CHECK(done == 0, "the server takes no connection");
  // It leaves no port behind.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return socket;
}

/// `patience_ms` -1: to the end.
std::string talk(const Server& server, std::string_view sent, int patience_ms) {
  const FileDescriptor socket = connected(server);
  while (!sent.empty()) {
    const ssize_t went = ::send(socket.get(), sent.data(), sent.size(), MSG_NOSIGNAL);
    if (went <= 0) break;  // it has closed already
    sent.remove_prefix(static_cast<std::size_t>(went));
  }
  std::string answer;
  char buffer[4096];
  for (;;) {
    pollfd looked{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (::poll(&looked, 1, patience_ms) <= 0) return answer;
    const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace
}  // namespace waybill::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  static const auto world = std::make_unique<http::World>();
  const std::string_view sent(reinterpret_cast<const char*>(data), size);
  const std::string answer = http::talk(*world->server, sent, http::kPatienceMs);
  WAYBILL_CHECK(answer.empty() || answer.starts_with("HTTP/1."), "an answer that is no HTTP");
  if (++world->inputs % http::kServedEvery == 0) {
    const std::string good = http::talk(*world->server, http::kGood, -1);
    WAYBILL_CHECK(good.starts_with("HTTP/1.1 200 "), "the next one was not served");
  }
  return 0;
}
