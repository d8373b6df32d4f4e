#include "adapters/amqp/queue.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iomanip>
#include <sstream>
#include <thread>

#include "base/file_descriptor.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Takes a connection and says nothing.
class SilentBroker {
 public:
  SilentBroker() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), any, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener_.get(), any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  std::string url(const std::string& scheme = "amqp") const {
    return scheme + "://me:secret@127.0.0.1:" + std::to_string(port_);
  }
  /// Returns when a client has greeted it, and so waits for an answer.
  FileDescriptor greeted() const {
    FileDescriptor client(::accept(listener_.get(), nullptr, nullptr));
    char greeting[8];
    EXPECT_EQ(::recv(client.get(), greeting, sizeof greeting, MSG_WAITALL), 8);
    return client;
  }

 private:
  FileDescriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

 protected:
  std::uint16_t port_ = 0;
};

/// Takes no connection: who wants one waits in connect().
class FullBroker : public SilentBroker {
 public:
  FullBroker() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    while (waiting() == 0) {
      FileDescriptor& client =
          clients_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      EXPECT_NE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
      pollfd done{.fd = client.get(), .events = POLLOUT, .revents = 0};
      ::poll(&done, 1, 100);
    }
    own_ = waiting();
  }
  /// Returns when somebody waits for a connection.
  void wait_for_client() const {
    while (waiting() <= own_) std::this_thread::yield();
  }

 private:
  /// How many connections to it have been asked for in vain.
  std::size_t waiting() const {
    std::ostringstream wanted;  // state 2 is SYN_SENT
    wanted << " 0100007F:" << std::uppercase << std::setw(4) << std::setfill('0') << std::hex
           << port_ << " 02 ";
    std::ifstream table("/proc/self/net/tcp");
    std::size_t count = 0;
    for (std::string line; std::getline(table, line);) {
      count += line.find(wanted.str()) != std::string::npos ? 1 : 0;
    }
    return count;
  }

  std::vector<FileDescriptor> clients_;
  std::size_t own_ = 0;
};

constexpr Duration kTooLong = std::chrono::seconds(120);

/// What a publish ends with that is stopped when `waits` returns, which it must do soon.
Status stopped_publish(const std::string& url, const std::function<FileDescriptor()>& waits) {
  std::stop_source stop;
  SimClock clock;
  AmqpQueue queue(clock, {.connection = {.url = url,
                                         .handshake_time_max = kTooLong,
                                         .call_time_max = kTooLong,
                                         .stop = stop.get_token()},
                          .queue = "q"});
  Result<std::vector<Status>> answers;
  std::chrono::steady_clock::time_point began;
  {
    const std::jthread publisher(
        [&] { answers = queue.publish(std::vector<Message>{{.id = "1", .body = "b"}}); });
    const FileDescriptor client = waits();
    began = std::chrono::steady_clock::now();
    stop.request_stop();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, kTooLong / 10);
  const auto again = queue.publish(std::vector<Message>{{.id = "2", .body = "b"}});
  EXPECT_EQ((*again)[0].error().code, Code::cancelled) << "no connection is begun any more";
  return (*answers)[0];
}

TEST(AmqpPlace, NamesHostPortAndVhostButNobody) {
  EXPECT_EQ(amqp::place_of("amqp://me:secret@broker:1234/tasks").value(), "broker:1234/tasks");
  EXPECT_EQ(amqp::place_of("http://broker").error().code, Code::invalid_argument);
}

TEST(AmqpQueueTest, ABrokerThatIsNotThereIsUnavailableAndNamedWithoutCredentials) {
  SimClock clock;
  // Port 1 of loopback: nobody listens there.
  AmqpQueue queue(clock, {.connection = {.url = "amqp://me:secret@127.0.0.1:1/v"}, .queue = "q"});
  const auto answers = queue.publish(std::vector<Message>{{.id = "1", .body = "b"}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::unavailable);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("127.0.0.1:1/v"));
  EXPECT_THAT((*answers)[0].error().message, Not(HasSubstr("secret")));
  const auto until = clock.steady_now() + std::chrono::seconds(10);
  const auto deliveries = queue.receive(1, {.at = until});
  EXPECT_EQ(deliveries.error().code, Code::unavailable);
  EXPECT_EQ(clock.steady_now(), until);
}

TEST(AmqpQueueTest, AStopEndsTheWaitForABrokerThatDoesNotAnswer) {
  const SilentBroker broker;
  const Status answer = stopped_publish(broker.url(), [&] { return broker.greeted(); });
  EXPECT_EQ(answer.error().code, Code::cancelled);
  EXPECT_THAT(answer.error().message, HasSubstr("publish it again"));
}

TEST(AmqpQueueTest, AStopEndsATlsHandshakeThatIsNotAnswered) {
  const SilentBroker broker;
  const Status answer = stopped_publish(broker.url("amqps"), [&] { return broker.greeted(); });
  EXPECT_EQ(answer.error().code, Code::cancelled);
}

TEST(AmqpQueueTest, AStopEndsTheWaitForAConnection) {
  for (const std::string scheme : {"amqp", "amqps"}) {
    const FullBroker broker;
    const Status answer = stopped_publish(broker.url(scheme), [&] {
      broker.wait_for_client();
      return FileDescriptor();
    });
    EXPECT_EQ(answer.error().code, Code::cancelled) << scheme;
  }
}

TEST(AmqpQueueTest, ABrokerThatTakesNoConnectionInTimeIsUnavailable) {
  const FullBroker broker;
  for (const std::string scheme : {"amqp", "amqps"}) {
    const auto opened = amqp::Connection::open(
        {.url = broker.url(scheme), .handshake_time_max = std::chrono::milliseconds(1200)});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::unavailable) << scheme;
  }
}

TEST(AmqpQueueTest, AMessageThatAmqpCannotCarryIsRefusedUnsent) {
  SimClock clock;
  AmqpQueue queue(clock, {.connection = {.url = "amqp://127.0.0.1:1/v"}, .queue = "q"});
  const auto answers = queue.publish(std::vector<Message>{
      {.id = std::string(256, 'i')},
      {.id = "1", .attributes = {{"", "v"}}},
      {.id = "2", .attributes = {{"a", "\xff"}}},
  });
  ASSERT_TRUE(answers);
  for (const Status& answer : *answers) EXPECT_EQ(answer.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill
