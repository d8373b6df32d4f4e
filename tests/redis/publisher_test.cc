#include "adapters/redis/publisher.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "adapters/local/system_clock.h"
#include "base/file_descriptor.h"
#include "tests/queues/server.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Speaks with the server as a person by telnet does.
class Telnet {
 public:
  explicit Telnet(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void say(const std::string& line) {
    const std::string text = line + "\r\n";
    EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// The next bytes, as many as `expected` has.
  std::string hear(std::size_t size) {
    std::string heard(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t more = ::recv(socket_.get(), heard.data() + got, size - got, 0);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    heard.resize(got);
    return heard;
  }
  void expect(const std::string& text) { EXPECT_EQ(hear(text.size()), text); }

 private:
  const FileDescriptor socket_;
};

std::string message_of(const std::string& channel, const std::string& body) {
  const auto bulk = [](const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  };
  return "*3\r\n" + bulk("message") + bulk(channel) + bulk(body);
}

class RedisTest : public testing::Test {
 protected:
  RedisTest() : program_(find_program("redis-server")) {}
  void SetUp() override {
    if (program_.empty()) GTEST_SKIP() << "Redis (redis-server) is not installed";
  }

  void start(const std::vector<std::string>& words = {}) {
    std::vector<std::string> command = {program_,
                                        "--bind",
                                        "127.0.0.1",
                                        "--port",
                                        std::to_string(port_),
                                        "--save",
                                        "",
                                        "--dir",
                                        server_.directory(),
                                        "--unixsocket",
                                        socket()};
    command.insert(command.end(), words.begin(), words.end());
    ASSERT_TRUE(server_.start(
        {.command = command, .environment = {}, .ready = [this] { return accepts(port_); }}));
  }
  std::string socket() const { return server_.directory() + "/redis.sock"; }
  redis::Address address() const { return {.host = "127.0.0.1", .port = port_}; }
  Deadline soon(Duration time = 10s) const { return {.at = clock_.steady_now() + time}; }
  Status publish(RedisPublisher& publisher, const std::string& body,
                 const std::string& channel = "c") {
    const std::vector<ChannelMessage> one{{.channel = channel, .body = body}};
    return publisher.publish(one, soon());
  }

  SystemClock clock_;
  const std::string program_;
  const int port_ = free_port();
  Server server_;
};

TEST_F(RedisTest, TellsWhoeverListensInOrderWhateverTheBytes) {
  start();
  Telnet listener(port_);
  listener.say("SUBSCRIBE c");
  listener.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  RedisPublisher publisher(address(), clock_);
  const std::string large(1 << 20, 'x');
  const std::string odd = std::string("a\r\n\0b", 5);
  const std::vector<ChannelMessage> messages{{.channel = "c", .body = odd},
                                             {.channel = "nobody.listens", .body = "lost"},
                                             {.channel = "c", .body = large},
                                             {.channel = "c", .body = ""}};
  ASSERT_TRUE(publisher.publish(messages, soon()));
  for (const std::string& body : {odd, large, std::string()})
    listener.expect(message_of("c", body));
}

TEST_F(RedisTest, ConnectsAgainAfterItsServerWasAway) {
  start();
  RedisPublisher publisher(address(), clock_);
  ASSERT_TRUE(publisher.connect(soon()));
  server_.kill();
  const Status away = publish(publisher, "1");
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, Code::unavailable);
  EXPECT_THAT(away.error().message, HasSubstr("127.0.0.1:" + std::to_string(port_)));
  start();
  EXPECT_TRUE(publish(publisher, "2"));
  server_.kill();
  start();
  Telnet listener(port_);
  listener.say("SUBSCRIBE c");
  listener.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  ASSERT_TRUE(publish(publisher, "3")) << "the first one over a connection that was lost";
  listener.expect(message_of("c", "3"));
}

TEST_F(RedisTest, LogsInAndShowsNoPassword) {
  start({"--requirepass", "cret", "--user", "ann", "on", ">s3cret", "&tasks.*", "+publish"});
  redis::Address who = address();
  const auto refused = [&](const std::string& why) {
    RedisPublisher publisher(who, clock_);
    const Status status = publisher.connect(soon());
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::unauthenticated) << status.error().message;
    EXPECT_THAT(status.error().message,
                AllOf(HasSubstr(why), HasSubstr("URL"), Not(HasSubstr("cret"))));
    EXPECT_FALSE(publish(publisher, "x"));
  };
  refused("wants a password");
  who.password = "cretin";
  refused("does not know this user and password");
  who.user = "bob";
  refused("does not know this user and password");

  who = address();
  who.password = "cret";
  RedisPublisher by_password(who, clock_);
  EXPECT_TRUE(publish(by_password, "x"));
  who.user = "ann";
  who.password = "s3cret";
  RedisPublisher ann(who, clock_);
  EXPECT_TRUE(ann.connect(soon())) << "who may only publish";
  const Status elsewhere = publish(ann, "x", "secrets");
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, Code::permission_denied);
  EXPECT_TRUE(publish(ann, "x", "tasks.1"));
}

TEST_F(RedisTest, IsReachedByItsSocketAndItsDatabasesToo) {
  start();
  RedisPublisher by_socket({.socket = socket()}, clock_);
  EXPECT_TRUE(publish(by_socket, "x"));
  redis::Address third = address();
  third.database = 3;
  EXPECT_TRUE(RedisPublisher(third, clock_).connect(soon()));
  third.database = 99;
  const Status none = RedisPublisher(third, clock_).connect(soon());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("choosing database 99"));
}

TEST_F(RedisTest, WaitsNoLongerThanItMay) {
  // Connections are taken by the system, and nobody answers them.
  const FileDescriptor silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in place = loopback(port_);
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
  ASSERT_EQ(::listen(silent.get(), 8), 0);
  RedisPublisher publisher(address(), clock_);
  const SteadyTime begun = clock_.steady_now();
  const Status late = publisher.publish(std::vector<ChannelMessage>{{"c", "x"}}, soon(200ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::deadline_exceeded) << late.error().message;
  EXPECT_LT(clock_.steady_now() - begun, 5s);
}

TEST_F(RedisTest, IsNotPassedOnToProgramsThatAreStarted) {
  start();
  RedisPublisher publisher(address(), clock_);
  ASSERT_TRUE(publisher.connect(soon()));
  int connected = 0;
  for (int fd = 3; fd < 256; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port_) continue;
    ++connected;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(connected, 1);
}

}  // namespace
}  // namespace waybill
