// Tasks of the ledger by way of Pub/Sub's emulator, and of moto for SNS and SQS: `waybill up` and
// `worker` with --queue.

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "tests/e2e/program.h"
#include "tests/queues/moto.h"
#include "tests/queues/pubsub_emulator.h"

namespace waybill::e2e {
namespace {

struct Cloud {
  std::string name;
  std::string queue;  // what --queue says
  std::function<std::string()> missing;
  std::function<std::map<std::string, std::string>()> environment;
};

Cloud pubsub() {
  return {.name = "pubsub",
          .queue = "gcp-pubsub:project",
          .missing = [] { return Emulator::instance().missing(); },
          .environment =
              [] {
                return std::map<std::string, std::string>{
                    {"PUBSUB_EMULATOR_HOST", Emulator::instance().place()}};
              }};
}

Cloud sns() {
  return {.name = "sns",
          .queue = "aws-sns:us-east-1",
          .missing = [] { return Moto::instance().missing(); },
          .environment =
              [] {
                return std::map<std::string, std::string>{
                    {"AWS_ENDPOINT_URL", Moto::instance().url()},
                    {"AWS_ACCESS_KEY_ID", "x"},
                    {"AWS_SECRET_ACCESS_KEY", "x"}};
              }};
}

class CloudTasksTest : public testing::TestWithParam<Cloud> {
 protected:
  void SetUp() override {
    if (const std::string missing = GetParam().missing(); !missing.empty()) GTEST_SKIP() << missing;
    static int last = 0;
    prefix_ = "tasks-" + std::to_string(::getpid()) + "-" + std::to_string(++last);
    place_.environment = GetParam().environment();
  }
  std::unique_ptr<Running> start(std::vector<std::string> arguments) {
    for (const std::string& more :
         {std::string("--queue"), GetParam().queue, std::string("--queue-prefix"), prefix_,
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

  Place place_;
  std::string prefix_;
};

const auto kName = [](const auto& instance) { return instance.param.name; };
INSTANTIATE_TEST_SUITE_P(Clouds, CloudTasksTest, testing::Values(pubsub(), sns()), kName);

TEST_P(CloudTasksTest, UpDoesTasksThatTheBrokerTellsItOf) {
  const auto up = start({"up"});
  up->wait_for_output("ctrl-c ends it");
  // The first may be found by a look into the ledger, before its queue is made at the broker.
  await(place_.create({"--queue", "first.one", "--", "true"}));
  for (int i = 0; i < 20; ++i) await(place_.create({"--queue", "first.one", "--", "true"}));
  up->wait_for_output("hints_claimed");
  end(*up);
}

TEST_P(CloudTasksTest, AWorkerDoesTasksThatAServerPublishes) {
  const auto serve = start({"serve", "--listen", "127.0.0.1:0"});
  const auto worker = start({"worker", "--queues", "fetch"});
  worker->wait_for_output("ctrl-c ends it");
  std::string last;
  for (int i = 0; i < 30; ++i) last = place_.create({"--queue", "fetch", "--", "true"});
  await(last);
  worker->wait_for_output("hints_claimed");
  end(*worker);
  end(*serve);
}

}  // namespace
}  // namespace waybill::e2e
