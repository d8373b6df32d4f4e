#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "base/check.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {

TalkingServer::TalkingServer(std::function<void(const Say&)> talk)
    : talk_(std::move(talk)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  WAYBILL_CHECK(::bind(listener_.get(), generic, size) == 0, "loopback has a free port");
  WAYBILL_CHECK(::listen(listener_.get(), 16) == 0, "a bound socket listens");
  WAYBILL_CHECK(::getsockname(listener_.get(), generic, &size) == 0, "a socket has a name");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { serve(); });
}

TalkingServer::~TalkingServer() { ::shutdown(listener_.get(), SHUT_RDWR); }

void TalkingServer::serve() {
  while (true) {
    const FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) return;
    ++connections_;
    std::string head;
    std::array<char, 4096> room;
    while (head.find("\r\n\r\n") == head.npos) {
      const ssize_t got = ::recv(socket.get(), room.data(), room.size(), 0);
      if (got <= 0) break;
      head.append(room.data(), static_cast<std::size_t>(got));
    }
    // What a request sends is read, and forgotten.
    const auto field = head.find("Content-Length: ");
    std::int64_t left =
        field == head.npos ? 0 : std::strtoll(head.c_str() + field + 16, nullptr, 10);
    left -= static_cast<std::int64_t>(head.size() - head.find("\r\n\r\n") - 4);
    std::vector<char> bulk(1 << 18);
    while (left > 0) {
      const ssize_t got = ::recv(socket.get(), bulk.data(), bulk.size(), 0);
      if (got <= 0) break;
      left -= got;
    }
    talk_([&](std::string_view bytes) {
      const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      return sent == static_cast<ssize_t>(bytes.size());
    });
  }
}

}  // namespace waybill
