#pragma once

// A server of this machine that containers may reach, or not.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/file_descriptor.h"

namespace waybill {

/// Listens at all addresses of the machine, and answers every request with one text.
class LocalServer {
 public:
  explicit LocalServer(std::string text) : text_(std::move(text)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    const auto plain = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), plain, sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(listener_.get(), plain, &size), 0);
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::jthread([this] { serve(); });
  }
  ~LocalServer() { ::shutdown(listener_.get(), SHUT_RDWR); }  // accept() ends then
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  const std::string& port() const { return port_; }
  /// Connections so far.
  int answered() const { return answered_; }

 private:
  void serve() {
    for (;;) {
      const FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection.is_open()) return;
      ++answered_;
      std::string head;
      char byte = 0;
      while (!head.ends_with("\r\n\r\n") && ::recv(connection.get(), &byte, 1, 0) == 1) {
        head += byte;
      }
      const std::string answer = "HTTP/1.0 200 OK\r\n\r\n" + text_;
      if (::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) continue;
      ::shutdown(connection.get(), SHUT_WR);
    }
  }

  const std::string text_;
  const FileDescriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string port_;
  std::atomic<int> answered_ = 0;
  std::jthread thread_;
};

}  // namespace waybill
