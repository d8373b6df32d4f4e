#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

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
  Response refusal(const Request&, int status, std::string_view why) override {
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
    return send(server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  FileDescriptor send(const Server& server, const std::string& text) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
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

/// The status of each answer on a connection, and of the last what stands behind its head.
struct Answers {
  std::vector<std::string> statuses;
  std::string body;
};
Answers answers_in(const std::string& text) {
  Answers found;
  constexpr std::string_view kBegins = "HTTP/1.1 ";
  for (std::size_t at = text.find(kBegins); at != text.npos; at = text.find(kBegins, at + 1)) {
    found.statuses.push_back(text.substr(at + kBegins.size(), 3));
  }
  const std::size_t head = text.find("\r\n\r\n");
  if (head != text.npos) found.body = text.substr(head + 4);
  return found;
}

TEST_F(ServerTest, AnswersOnceWhatTheLibraryWouldAnswerTwice) {
  application_.open();
  const auto server = Server::create({}, application_, clock_).value();
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string cookie = "Cookie: " + std::string(33'000, 'a') + "\r\n";
  const std::pair<std::string, std::string> refused[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
      {"GET /\r\n\r\n", "400"},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", "400"},
      {post + "Content-Length: -1\r\n\r\n", "400"},
      {post + "Content-Length: abc\r\n\r\n", "400"},
      {post + "Content-Length: +5\r\n\r\n12345", "400"},
      {post + "Content-Length:\r\n\r\n", "400"},
      {post + "Content-Length: 99999999999999999999999\r\n\r\n", "413"},
      {post + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n", "400"},
      {post + cookie + "\r\n", "431"},
      {post + "X: a\r\n" + cookie + "Content-Length: x\r\n\r\n", "431"}};
  for (const auto& [sent, status] : refused) {
    const Answers found = answers_in(answer(send(*server, sent)));
    EXPECT_THAT(found.statuses, testing::ElementsAre(status)) << sent.substr(0, 80);
    EXPECT_THAT(found.body, testing::Not(HasSubstr("html"))) << sent.substr(0, 80);
  }
}

TEST_F(ServerTest, ClosesOnAFirstLineOfOneWord) {
  application_.open();
  const auto server = Server::create({}, application_, clock_).value();
  for (const std::string line : {"GET", "nonsense", "\x16\x03\x01"}) {
    EXPECT_EQ(answer(send(*server, line + "\r\nHost: x\r\n\r\n")), "") << line;
  }
}

TEST_F(ServerTest, RefusesWhatAnotherReaderMayReadOtherwise) {
  application_.open();
  const auto server = Server::create({}, application_, clock_).value();
  const auto status_of = [&](const std::string& headers) {
    const std::string sent = "GET / HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n";
    const Answers found = answers_in(answer(send(*server, sent)));
    return found.statuses.size() == 1 ? found.statuses[0] : "none, or more";
  };
  const std::string host = "Host: x\r\n";
  for (const std::string& headers :
       {host + host, host + std::string("X: a\0b\r\n", 8), std::string("Host: x\0y\r\n", 11),
        host + std::string("X: a\0\r\n", 7), host + "X: a\x01\r\n", host + "X: a\rY: b\r\n",
        host + "X: a\r\n b\r\n", host + "X y: a\r\n"}) {
    EXPECT_EQ(status_of(headers), "400") << headers;
  }
  const std::string last = "GET / HTTP/1.1\r\nHost: x\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n";
  EXPECT_THAT(answers_in(answer(send(*server, last))).statuses, testing::ElementsAre("400"));
  for (const std::string headers :
       {"Host: \t x \t\r\n", "Host: x\r\nX:\r\nY: \r\nZ: a b\tc\r\n", "hOST:x\r\nX: \xc3\xa9\r\n",
        "Host: x\r\nCookie: a=b; c=d\r\nCookie: e=f\r\n"}) {
    EXPECT_EQ(status_of(headers), "200") << headers;
  }
  std::string many = host;
  for (int i = 0; i < 150; ++i)
    many += "X-" + std::to_string(i) + ": " + std::string(80, 'v') + "\r\n";
  EXPECT_EQ(status_of(many), "200");
}

TEST_F(ServerTest, ServesATargetThatNamesTheHost) {
  application_.open();
  const auto server = Server::create({}, application_, clock_).value();
  for (const auto& [target, status] : std::initializer_list<std::pair<std::string, std::string>>{
           {"http://x/", "200"},
           {"http://x?a=b", "200"},
           {"http:///", "400"},
           {"/a b", "400"},
           {"/?" + std::string(2000, '&'), "200"}}) {
    const std::string sent = "GET " + target + " HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n";
    EXPECT_THAT(answers_in(answer(send(*server, sent))).statuses, testing::ElementsAre(status))
        << target;
  }
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
