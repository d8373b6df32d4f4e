#include "tests/queues/worker/worker_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace waybill::e2e {
namespace {

using std::chrono::seconds;

// Longer than a killed worker's lease, shorter than a test.
constexpr Duration kVisibility = seconds(10);

}  // namespace

void WorkerPlaceTest::SetUp() {
  const Broker& broker = GetParam();
  if (const std::string missing = broker.missing(); !missing.empty()) GTEST_SKIP() << missing;
  work_ = broker.queue(clock_, work_name_, kVisibility);
  dead_ = broker.queue(clock_, dead_name_, kVisibility);
  rejected_topic_ = broker.destination(dead_name_);
  place_.environment = broker.environment();
  ASSERT_EQ(::mkfifo(place_.path("go").c_str(), 0600), 0);
}

std::string WorkerPlaceTest::trace(int number) {
  return "46efa7ed-b1c6-4905-9378-815a59756c0" + std::to_string(number);
}

std::string WorkerPlaceTest::intake(int number) {
  return "{\"trace-id\":\"" + trace(number) +
         "\",\"aggregation-id\":\"kittens-seen\",\"batch-id\":"
         "\"7df51646-b3a8-55d8-af8c-12ba188e8469\",\"date\":\"2020/11/01/11/20\"}";
}

void WorkerPlaceTest::publish_to(Queue& queue, const std::vector<std::string>& bodies) {
  for (const std::string& body : bodies) {
    // Another id for each, so that no broker drops one: that is for the worker to do.
    const std::string id = "of-the-broker-" + std::to_string(++published_);
    const std::vector<Message> messages = {{.id = id, .body = body}};
    const auto answers = queue.publish(messages);
    ASSERT_TRUE(answers.has_value() && answers->front()) << answers->front().error().message;
  }
}

std::vector<std::string> WorkerPlaceTest::drain(const std::string& name) {
  // One of its own: a consumer of RabbitMQ that stays would take what comes later.
  const auto queue = GetParam().queue(clock_, name, kVisibility);
  std::vector<std::string> bodies;
  for (;;) {
    const auto some = queue->receive(10, {.at = clock_.steady_now() + seconds(1)});
    EXPECT_TRUE(some.has_value()) << some.error().message;
    if (!some || some->empty()) return bodies;
    for (const Delivery& delivery : *some) {
      bodies.push_back(delivery.message.body);
      EXPECT_TRUE(queue->ack(std::vector{delivery.receipt}));
    }
  }
}

std::vector<std::string> WorkerPlaceTest::arguments(const std::vector<std::string>& options,
                                                    const std::vector<std::string>& command) {
  const Broker& broker = GetParam();
  std::vector<std::string> all = {"worker"};
  all.insert(all.end(), broker.arguments.begin(), broker.arguments.end());
  for (const std::string& more :
       {std::string("--queue"), broker.source(work_name_), std::string("--rejected-topic"),
        rejected_topic_, std::string("--idle"), std::string("1s")}) {
    all.push_back(more);
  }
  all.insert(all.end(), options.begin(), options.end());
  all.push_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

Ran WorkerPlaceTest::worker(const std::vector<std::string>& options,
                            const std::vector<std::string>& command) {
  return place_.run(arguments(options, command));
}

std::unique_ptr<Running> WorkerPlaceTest::start_worker(const std::vector<std::string>& options,
                                                       const std::vector<std::string>& command) {
  return place_.start(arguments(options, command));
}

void WorkerPlaceTest::open_gate() {
  const int gate = ::open(place_.path("go").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(gate, 0);
  ::close(gate);
}

}  // namespace waybill::e2e
