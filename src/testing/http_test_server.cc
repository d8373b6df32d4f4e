#include "testing/http_test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "base/check.h"

namespace waybill {
namespace {

/// Reads until the head and the promised body are there. False: the client has gone.
bool read_request(int client, std::string& request) {
  for (;;) {
    if (const auto head = request.find("\r\n\r\n"); head != std::string::npos) {
      std::size_t length = 0;
      if (const auto field = request.find("Content-Length: "); field < head) {
        std::from_chars(request.data() + field + 16, request.data() + head, length);
      }
      if (request.size() >= head + 4 + length) return true;
    }
    char buffer[65536];
    const ssize_t count = ::recv(client, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    request.append(buffer, static_cast<std::size_t>(count));
  }
}

void send_all(int client, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client has gone, as some tests want
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string answer(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\nX-Case: Kept\r\nRetry-After: 7\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::size_t number_in(std::string_view path) {
  std::size_t number = 0;
  const auto slash = path.rfind('/') + 1;
  std::from_chars(path.data() + slash, path.data() + path.size(), number);
  return number;
}

enum class Then : bool { close, go_on };

Then respond(int client, const std::string& request, int connection) {
  const std::size_t space = request.find(' ');
  const std::string_view path =
      std::string_view(request).substr(space + 1, request.find(' ', space + 1) - space - 1);
  const bool head_only = request.starts_with("HEAD ");
  if (path.starts_with("/status/")) {
    send_all(client, answer(static_cast<int>(number_in(path)), "said so"));
  } else if (path.starts_with("/bytes/")) {
    send_all(client, answer(200, std::string(number_in(path), 'x')));
  } else if (path == "/chunked") {
    send_all(client,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n");
  } else if (path == "/connection") {
    send_all(client, answer(200, std::to_string(connection)));
  } else if (path == "/half") {
    send_all(client, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(50, 'x'));
    return Then::close;
  } else if (path == "/cut") {
    return Then::close;
  } else if (path == "/silent") {
    char byte = 0;
    (void)::recv(client, &byte, 1, 0);  // ends when the client goes
    return Then::close;
  } else {
    std::string whole = answer(200, request);
    if (head_only) whole.resize(whole.find("\r\n\r\n") + 4);
    send_all(client, whole);
  }
  return Then::go_on;
}

}  // namespace

HttpTestServer::HttpTestServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const place = reinterpret_cast<sockaddr*>(&address);
  WAYBILL_CHECK(::bind(listener_.get(), place, sizeof address) == 0, "loopback has a free port");
  WAYBILL_CHECK(::listen(listener_.get(), 64) == 0, "a bound socket can listen");
  socklen_t size = sizeof address;
  WAYBILL_CHECK(::getsockname(listener_.get(), place, &size) == 0, "it has a name");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpTestServer::~HttpTestServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    const Lock lock(mutex_);
    for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  const Lock lock(mutex_);
  for (const int client : clients_) ::close(client);
}

std::string HttpTestServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

void HttpTestServer::accept_all() {
  for (;;) {
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;  // shut down
    const int number = ++connections_;
    const Lock lock(mutex_);
    clients_.push_back(client);
    threads_.emplace_back([this, client, number] { serve(client, number); });
  }
}

void HttpTestServer::serve(int client, int number) {
  std::string request;
  while (read_request(client, request)) {
    if (respond(client, request, number) == Then::close) break;
    request.clear();
  }
  ::shutdown(client, SHUT_RDWR);
}

}  // namespace waybill
