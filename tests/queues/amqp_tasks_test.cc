// Tasks of the ledger by way of a real RabbitMQ: `waybill up`, `serve` and `worker` with --queue.

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "adapters/amqp/queue.h"
#include "adapters/local/system_clock.h"
#include "tests/e2e/program.h"
#include "tests/queues/rabbit.h"

namespace waybill::e2e {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class AmqpTasksTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = Rabbit::instance().missing(); !missing.empty())
      GTEST_SKIP() << missing;
    static int last = 0;
    prefix_ = "tasks-" + std::to_string(::getpid()) + "-" + std::to_string(++last);
    place_.environment["WAYBILL_AMQP_URL"] = Rabbit::instance().url();
  }
  std::unique_ptr<Running> start(std::vector<std::string> arguments) {
    for (const std::string& more :
         {std::string("--queue"), std::string("amqp"), std::string("--queue-prefix"), prefix_,
          std::string("--log-level"), std::string("debug")}) {
      arguments.push_back(more);
    }
    return place_.start(arguments);
  }
  void end(Running& running) {
    running.signal(SIGTERM);
    const Ran ran = running.wait();
    EXPECT_EQ(ran.status, 0) << ran.err;
  }
  void await(const std::string& id) {
    const Ran ran = place_.run({"task", "wait", id, "--for", "60s"});
    ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
  }
  AmqpQueue queue(const std::string& name) {
    return AmqpQueue(clock_, {.connection = {.url = Rabbit::instance().url()},
                              .queue = prefix_ + "." + name,
                              .type = AmqpQueueType::quorum,
                              .makes = AmqpMakes::topology});
  }

  SystemClock clock_;
  Place place_;
  std::string prefix_;
};

TEST_F(AmqpTasksTest, UpDoesTasksThatTheBrokerTellsItOf) {
  const auto up = start({"up"});
  up->wait_for_output("ctrl-c ends it");
  await(place_.create({"--", "true"}));
  up->wait_for_output("hints_claimed");
  end(*up);
}

TEST_F(AmqpTasksTest, AWorkerDoesTasksOfQueuesThatAppearLater) {
  const auto serve = start({"serve", "--listen", "127.0.0.1:0"});
  const auto worker = start({"worker"});
  worker->wait_for_output("ctrl-c ends it");
  await(place_.create({"--queue", "one", "--", "true"}));
  await(place_.create({"--queue", "two", "--", "true"}));
  // Until its queue is known, the worker finds a task by looking for it.
  std::string last;
  for (int i = 0; i < 20; ++i) last = place_.create({"--queue", "two", "--", "true"});
  await(last);
  worker->wait_for_output("hints_claimed");
  end(*worker);
  end(*serve);
}

TEST_F(AmqpTasksTest, AMessageSaysWhatItsTaskIsAbout) {
  const auto serve = start({"serve", "--listen", "127.0.0.1:0"});
  const std::string id = place_.create({"--queue", "fetch", "--priority", "50", "--params",
                                        R"({"url":"https://example.org"})", "--", "true"});
  AmqpQueue from = queue("fetch");
  const auto some = from.receive(1, {.at = clock_.steady_now() + seconds(30)});
  ASSERT_TRUE(some && some->size() == 1u);
  const Message& message = some->front().message;
  EXPECT_EQ(message.body, R"({"id":")" + id +
                              R"(","kind":"command","queue":"fetch","attempt":1,)"
                              R"("params":{"url":"https://example.org"}})");
  EXPECT_EQ(message.id, id);
  EXPECT_EQ(message.properties.correlation_id, id);
  EXPECT_EQ(message.properties.content_type, "application/json");
  EXPECT_EQ(message.properties.type, "command");
  EXPECT_EQ(message.properties.priority, 7);
  end(*serve);
}

TEST_F(AmqpTasksTest, ABrokerThatIsAwayCostsTimeAndNoTask) {
  const auto up = start({"up"});
  await(place_.create({"--", "true"}));
  Rabbit::instance().write_declarations();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(place_.create({"--", "true"}));
  Rabbit::instance().crash();
  for (int i = 0; i < 5; ++i) ids.push_back(place_.create({"--", "true"}));
  for (const std::string& id : ids) await(id);
  Rabbit::instance().start();
  for (int i = 0; i < 5; ++i) await(place_.create({"--", "true"}));
  // A quorum queue may want its time until it has a leader again.
  up->wait_for_output("hints_back", std::chrono::minutes(1));
  end(*up);
  EXPECT_THAT(place_.run({"db", "check"}).status, 0);
}

TEST_F(AmqpTasksTest, ABrokerThatIsKilledInMidLoadDoublesAndLosesNoTask) {
  const auto serve = start({"serve", "--listen", "127.0.0.1:0"});
  const auto first = start({"worker"});
  const auto second = start({"worker"});
  await(place_.create({"--", "true"}));
  Rabbit::instance().write_declarations();
  std::vector<std::string> ids;
  std::atomic<int> made = 0;
  std::jthread load([&] {
    for (int i = 0; i < 60; ++i) {
      ids.push_back(place_.create({"--", "sh", "-c", "echo once >> " + place_.path("ran")}));
      made = i + 1;
      made.notify_one();
    }
  });
  while (made < 15) made.wait(made);
  Rabbit::instance().crash();
  Rabbit::instance().start();
  load.join();
  for (const std::string& id : ids) await(id);
  const std::string ran = place_.read("ran");
  EXPECT_EQ(std::count(ran.begin(), ran.end(), '\n'), 60);
  end(*first);
  end(*second);
  end(*serve);
  EXPECT_EQ(place_.run({"db", "check"}).status, 0);
}

TEST_F(AmqpTasksTest, AQueueThatWasDeletedIsMadeAgain) {
  const auto serve = start({"serve", "--listen", "127.0.0.1:0"});
  place_.create({"--queue", "fetch", "--", "true"});
  {
    AmqpQueue from = queue("fetch");
    ASSERT_EQ(from.receive(1, {.at = clock_.steady_now() + seconds(30)})->size(), 1u);
  }
  Rabbit::instance().control("delete_queue " + prefix_ + ".fetch");
  const std::string second = place_.create({"--queue", "fetch", "--", "true"});
  AmqpQueue from = queue("fetch");
  const auto some = from.receive(1, {.at = clock_.steady_now() + seconds(30)});
  ASSERT_TRUE(some && some->size() == 1u);
  EXPECT_EQ(some->front().message.id, second);
  end(*serve);
}

TEST_F(AmqpTasksTest, AWrongPasswordIsToldAndNotShownAndTasksAreDoneAllTheSame) {
  place_.environment["WAYBILL_AMQP_URL"] = "amqp://guest:wrongword@" + Rabbit::instance().place();
  const auto up = start({"up"});
  await(place_.create({"--", "true"}));
  up->wait_for_output("hints_away");
  up->signal(SIGTERM);
  const Ran ran = up->wait();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("hints_away"), Not(HasSubstr("wrongword"))));
}

}  // namespace
}  // namespace waybill::e2e
