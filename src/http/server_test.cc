#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/file_descriptor.h"
#include "testing/threaded_clock.h"

namespace waybill::http {
namespace {

using testing::HasSubstr;

/// Answers requests when it is told to.
class Gated final : public Application {
 public:
  Reply handle(const Request&) override {
    Lock lock(mutex_);
    ++here_;
    changed_.notify_all();
    while (!open_) changed_.wait(lock);
    return Response{.body = "done", .headers = {}, .stream = nullptr};
  }
  bool answer_at_once(const Request&, const std::function<ServerCounts()>&, Response&) override {
    return false;
  }
  Response refusal(int status, std::string_view why) override {
    return {.status = status, .body = std::string(why), .headers = {}, .stream = nullptr};
  }
  void open() {
    const Lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_until_here(int count) {
    Lock lock(mutex_);
    while (here_ < count) changed_.wait(lock);
  }

 private:
  Mutex mutex_;
  Condition changed_;
  int here_ GUARDED_BY(mutex_) = 0;
  bool open_ GUARDED_BY(mutex_) = false;
};

class ServerTest : public ::testing::Test {
 protected:
  ~ServerTest() override { application_.open(); }

  /// A connection that has sent a request, and wants it closed after the answer.
  FileDescriptor ask(const Server& server) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(socket.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return socket;
  }
  static std::string answer(const FileDescriptor& socket) {
    std::string text;
    char buffer[1024];
    for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

  ThreadedClock clock_;
  Gated application_;
};

TEST_F(ServerTest, RefusesWhatFindsNoRoomToWaitAndAnswersTheRest) {
  const auto server =
      Server::create({.handler_threads = 1, .waiting_max = 0}, application_, clock_);
  ASSERT_TRUE(server) << server.error().message;
  // With no room to wait not even the first is taken; the connection is answered all the same.
  const FileDescriptor refused = ask(**server);
  EXPECT_THAT(answer(refused), HasSubstr("HTTP/1.1 503"));
  EXPECT_EQ((*server)->counts().refused, 1u);
}

TEST_F(ServerTest, AnswersARequestThatWasBegunBeforeItEnds) {
  auto server = Server::create({.handler_threads = 1}, application_, clock_).value();
  const FileDescriptor socket = ask(*server);
  application_.wait_until_here(1);
  application_.open();
  server->drain({});
  EXPECT_THAT(answer(socket), HasSubstr("done"));
}

TEST_F(ServerTest, ListensWhereNobodyElseDoes) {
  const auto server = Server::create({}, application_, clock_).value();
  const auto second = Server::create({.port = server->port()}, application_, clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("--listen"));
}

}  // namespace
}  // namespace waybill::http
