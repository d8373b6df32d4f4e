#include <glob.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <set>

#include "adapters/amqp/queue.h"
#include "tests/conformance/queue/suite.h"
#include "tests/queues/server.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

// Not /usr/sbin's, which wants to be the user rabbitmq.
constexpr auto kPrograms = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server";

std::string server_program() {
  glob_t found{};
  const bool any = ::glob(kPrograms, 0, nullptr, &found) == 0 && found.gl_pathc > 0;
  std::string program = any ? found.gl_pathv[0] : "";
  ::globfree(&found);
  return program;
}

/// A RabbitMQ of the test's own, one for all cases.
class Rabbit {
 public:
  static Rabbit& instance() {
    static Rabbit one;
    return one;
  }
  /// Empty: it runs.
  std::string missing() const { return missing_; }
  std::string url() const {
    return "amqp://guest:guest@127.0.0.1:" + std::to_string(port_) + "/%2f";
  }
  /// It ends as in a crash, and comes again.
  void crash() { server_.kill(); }
  void start() { EXPECT_TRUE(server_.start(how_)); }
  /// Writes the declarations of queues to disk. RabbitMQ's confirms vouch for messages only: the
  /// declaration of their queue is written within two seconds, and a crash before that takes both.
  void write_declarations() {
    std::string command = "env -i";
    for (const auto& [name, value] : how_.environment) command += " '" + name + "=" + value + "'";
    const std::string programs = how_.command[0].substr(0, how_.command[0].rfind('/'));
    command += " " + programs + "/rabbitmqctl --quiet eval 'mnesia:dump_log().' >&2";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

 private:
  Rabbit() {
    const std::string program = server_program();
    if (program.empty()) {
      missing_ = "RabbitMQ (rabbitmq-server) is not installed";
      return;
    }
    const std::string home = server_.directory();
    std::ofstream(home + "/rabbitmq.conf")
        << "listeners.tcp.1 = 127.0.0.1:" << port_
        << "\nvm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n";
    std::ofstream(home + "/enabled_plugins") << "[].";
    std::ofstream(home + "/.erlang.cookie") << "TESTCOOKIE";
    ::chmod((home + "/.erlang.cookie").c_str(), 0400);
    how_ = {.command = {program},
            .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                            {"HOME", home},
                            {"LANG", "C.UTF-8"},
                            {"RABBITMQ_NODENAME", "waybill" + std::to_string(port_) + "@localhost"},
                            {"RABBITMQ_CONFIG_FILE", home + "/rabbitmq.conf"},
                            {"RABBITMQ_CONF_ENV_FILE", "/dev/null"},
                            {"RABBITMQ_MNESIA_BASE", home + "/mnesia"},
                            {"RABBITMQ_LOG_BASE", home + "/log"},
                            {"RABBITMQ_SCHEMA_DIR", home + "/schema"},
                            {"RABBITMQ_GENERATED_CONFIG_DIR", home + "/generated"},
                            {"RABBITMQ_ENABLED_PLUGINS_FILE", home + "/enabled_plugins"},
                            {"RABBITMQ_PID_FILE", home + "/rabbit.pid"},
                            // The node then takes the place of the script that starts it.
                            {"RUNNING_UNDER_SYSTEMD", "1"},
                            {"RABBITMQ_DIST_PORT", std::to_string(free_port())},
                            {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                             "-kernel inet_dist_use_interface {127,0,0,1}"},
                            {"ERL_EPMD_PORT", std::to_string(mapper_port_)},
                            {"ERL_EPMD_ADDRESS", "127.0.0.1"}},
            .ready = [this] { return accepts(port_); }};
    // A node starts a port mapper that outlives it, unless there is one.
    EXPECT_TRUE(mapper_.start({.command = {find_program("epmd"), "-port",
                                           std::to_string(mapper_port_), "-address", "127.0.0.1"},
                               .environment = {{"PATH", "/usr/bin:/bin"}},
                               .ready = [this] { return accepts(mapper_port_); }}));
    start();
  }

  const int port_ = free_port();
  const int mapper_port_ = free_port();
  std::string missing_;
  Server::Start how_;
  Server mapper_;
  Server server_;
};

std::string fresh_name() {
  static std::atomic<int> last = 0;
  return "tasks-" + std::to_string(++last);
}

AmqpOptions options_for(const std::string& queue) {
  return {.connection = {.url = Rabbit::instance().url()}, .queue = queue, .prefetch = 1000};
}

QueueImplementation implementation(std::string name, AmqpQueueType type) {
  return {.name = std::move(name),
          .make = [type](Clock& clock, const QueueLimits& limits) -> std::unique_ptr<Queue> {
            if (const auto missing = Rabbit::instance().missing(); !missing.empty()) {
              [&] { GTEST_SKIP() << missing; }();
              return nullptr;
            }
            AmqpOptions options = options_for(fresh_name());
            options.type = type;
            options.body_bytes_max = limits.body_bytes_max;
            return std::make_unique<AmqpQueue>(clock, options);
          },
          .time = QueueTime::real};
}

const auto kName = [](const auto& instance) { return instance.param.name; };
const auto kClassic = implementation("classic", AmqpQueueType::classic);
const auto kBoth = testing::Values(kClassic, implementation("quorum", AmqpQueueType::quorum));
INSTANTIATE_TEST_SUITE_P(Amqp, QueueConformance, kBoth, kName);
INSTANTIATE_TEST_SUITE_P(Amqp, QueueReceiving, kBoth, kName);

class AmqpServerTest : public QueueConformance {};

TEST_P(AmqpServerTest, AQueueWithOtherPropertiesSaysWhatToDo) {
  AmqpOptions options = options_for(fresh_name());
  options.type = AmqpQueueType::classic;
  AmqpQueue first(clock(), options);
  ASSERT_TRUE(first.publish(numbered_messages(1, 1)).value()[0]);
  options.type = AmqpQueueType::quorum;
  AmqpQueue second(clock(), options);
  const auto answers = second.publish(numbered_messages(1, 1));
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::failed_precondition);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr(options.queue));
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("delete it"));
}

TEST_P(AmqpServerTest, AMessageThatNoQueueTakesIsNotFoundWithItsRoutingKey) {
  AmqpOptions options = options_for("");
  options.exchange = "amq.direct";
  options.routing_key = "nowhere";
  AmqpQueue lost(clock(), options);
  const auto answers = lost.publish(numbered_messages(1, 5));
  ASSERT_TRUE(answers.has_value());
  for (const Status& answer : *answers) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, Code::not_found);
    EXPECT_THAT(answer.error().message, HasSubstr("'nowhere'"));
  }
}

TEST_P(AmqpServerTest, AnExchangeThatIsNotThereIsNotFound) {
  AmqpOptions options = options_for("");
  options.exchange = "missing";
  AmqpQueue lost(clock(), options);
  const auto answers = lost.publish(numbered_messages(1, 5));
  ASSERT_TRUE(answers.has_value());
  for (const Status& answer : *answers) EXPECT_EQ(answer.error().code, Code::not_found);
}

TEST_P(AmqpServerTest, AWrongPasswordIsUnauthenticatedAndNotShown) {
  AmqpOptions options = options_for("q");
  options.connection.url.replace(options.connection.url.find("guest@"), 5, "hidden");
  AmqpQueue queue(clock(), options);
  const auto answers = queue.publish(numbered_messages(1, 1));
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::unauthenticated) << (*answers)[0].error().message;
  EXPECT_THAT((*answers)[0].error().message, Not(HasSubstr("hidden")));
}

TEST_P(AmqpServerTest, ADeliveryComesAgainWhenItsReceiverIsGone) {
  const std::string name = fresh_name();
  auto first = std::make_unique<AmqpQueue>(clock(), options_for(name));
  ASSERT_TRUE(first->publish(numbered_messages(1, 1)).value()[0]);
  ASSERT_EQ(first->receive(1, {.at = soon()}).value().size(), 1u);
  first.reset();
  AmqpQueue second(clock(), options_for(name));
  const auto again = second.receive(1, {.at = soon()});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ((*again)[0].delivery_count, 2u);
}

TEST_P(AmqpServerTest, WhatWasConfirmedSurvivesACrashAndBothSidesConnectAgain) {
  publish(numbered_messages(1, 100));
  Rabbit::instance().write_declarations();
  const auto before = receive_exactly(10);
  ASSERT_EQ(before.size(), 10u);
  ASSERT_TRUE(queue_->ack(std::vector{before[0].receipt}).has_value());
  // The ack is on its way only; a message that is confirmed after it shows that it has arrived.
  publish(numbered_messages(101, 101));
  Rabbit::instance().crash();
  Rabbit::instance().start();
  publish(numbered_messages(102, 102));
  std::set<std::string> ids;
  while (ids.size() < 101 || !ids.contains("102")) {
    const auto some = queue_->receive(100, {.at = soon()});
    ASSERT_TRUE(some.has_value()) << some.error().message;
    ASSERT_FALSE(some->empty()) << ids.size() << " of 101";
    for (const Delivery& delivery : *some) ids.insert(delivery.message.id);
  }
  EXPECT_TRUE(ids.contains(before[1].message.id));
  EXPECT_TRUE(queue_->ack(std::vector{before[1].receipt}).has_value());
  const Status late = queue_->extend(std::vector{before[1].receipt}, seconds(60));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::not_found);
}

INSTANTIATE_TEST_SUITE_P(Amqp, AmqpServerTest, testing::Values(kClassic), kName);

}  // namespace
}  // namespace waybill
