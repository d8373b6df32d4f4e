#include "tests/postgres/lossy_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/check.h"

namespace waybill {
namespace {

constexpr int kTickMs = 20;  // how soon a stop is noticed

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

FileDescriptor make_socket() {
  FileDescriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  WAYBILL_CHECK(made.is_open(), "no socket");
  return made;
}

/// False: the connection is over.
bool send_all(int to, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(to, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= sent;
  }
  return true;
}

}  // namespace

LossyProxy::LossyProxy(int server_port) : server_port_(server_port), listener_(make_socket()) {
  listen();
  accepting_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

// The system takes connections for it.
LossyProxy::LossyProxy(Silent) : server_port_(0), listener_(make_socket()) { listen(); }

void LossyProxy::listen() {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool listens =
      ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      ::listen(listener_.get(), 16) == 0 &&
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
  WAYBILL_CHECK(listens, "the proxy cannot listen");
  port_ = ntohs(address.sin_port);
}

LossyProxy::~LossyProxy() {
  accepting_.request_stop();
  if (accepting_.joinable()) accepting_.join();
}

void LossyProxy::lose_answer_to(const std::string& bytes) {
  const Lock lock(mutex_);
  bytes_ = bytes;
  waits_for_bytes_ = true;
}

void LossyProxy::look_for_bytes(std::string_view sent) {
  if (!waits_for_bytes_) return;
  const Lock lock(mutex_);
  if (sent.find(bytes_) == sent.npos) return;
  losing_ = true;
  waits_for_bytes_ = false;
}

void LossyProxy::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd polled{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, kTickMs) <= 0) continue;
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    passing_.emplace_back(
        [this, client](const std::stop_token& stopped) { pass(stopped, client); });
  }
  passing_.clear();
}

void LossyProxy::pass(const std::stop_token& stop, int client_socket) {
  const FileDescriptor client(client_socket);
  const FileDescriptor server = make_socket();
  const sockaddr_in address = loopback(server_port_);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return;
  }
  std::array<char, 65536> bytes;
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> polled{pollfd{.fd = client.get(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = server.get(), .events = POLLIN, .revents = 0}};
    if (::poll(polled.data(), polled.size(), kTickMs) <= 0) continue;
    for (std::size_t from = 0; from < 2; ++from) {
      if (polled[from].revents == 0) continue;
      const ssize_t got = ::recv(polled[from].fd, bytes.data(), bytes.size(), 0);
      if (got <= 0) return;
      if (from == 0) look_for_bytes({bytes.data(), static_cast<std::size_t>(got)});
      if (from == 1 && losing_.exchange(false)) return;
      if (!send_all(polled[1 - from].fd, bytes.data(), got)) return;
    }
  }
}

}  // namespace waybill
