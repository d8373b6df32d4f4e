#include "adapters/ledger/queue.h"

#include <gmock/gmock.h>

#include "testing/fake_ledger.h"
#include "testing/forwarding_queue.h"
#include "tests/conformance/queue/suite.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<Queue> make_own(Clock& clock, const QueueLimits& limits) {
  auto ledger = std::make_unique<FakeLedger>(clock);
  auto queue = std::make_unique<LedgerQueue>(
      *ledger, LedgerQueueOptions{.definition = {.name = "n", .kind = "noop"},
                                  .created_by = "test",
                                  .body_bytes_max = limits.body_bytes_max});
  return std::make_unique<GroundedQueue<FakeLedger>>(std::move(ledger), std::move(queue));
}

INSTANTIATE_TEST_SUITE_P(Ledger, QueueConformance,
                         testing::Values(QueueImplementation{.name = "ledger", .make = make_own}),
                         [](const auto& instance) { return instance.param.name; });

class LedgerQueueTest : public testing::Test {
 protected:
  std::vector<Task> tasks() {
    const auto page = ledger_.page({});
    EXPECT_TRUE(page.has_value());
    return page ? page->tasks : std::vector<Task>();
  }

  SimClock clock_{OnWait::blocks};
  FakeLedger ledger_{clock_};
  LedgerQueueOptions options_{
      .definition = {.name = "verify", .kind = "noop", .queue = "intake", .priority = 3},
      .created_by = "workflow-manager"};
};

TEST_F(LedgerQueueTest, AMessageBecomesATaskOfTheDefinition) {
  LedgerQueue queue(ledger_, options_);
  ASSERT_TRUE(queue.publish(std::vector<Message>{{.id = "t1",
                                                  .body = "{\"n\":1}",
                                                  .attributes = {{"side", "pha"}},
                                                  .dedup_key = "file:///own/task-markers/x"}}));
  ASSERT_EQ(tasks().size(), 1u);
  const TaskRequest request = tasks()[0].request;
  EXPECT_EQ(request.id, uuid_v5(kTaskNamespace, "file:///own/task-markers/x"));
  EXPECT_EQ(request.params, "{\"n\":1}");
  EXPECT_EQ(request.definition, "verify");
  EXPECT_EQ(request.queue, "intake");
  EXPECT_EQ(request.priority, 3);
  EXPECT_EQ(request.dedup_key, "file:///own/task-markers/x");
  EXPECT_EQ(request.dedup_scope, DedupScope::forever);
  EXPECT_EQ(request.created_by, "workflow-manager");
  EXPECT_THAT(request.labels, ElementsAre(std::pair("side", "pha")));
}

TEST_F(LedgerQueueTest, ASecondMessageOfAKeyIsAnsweredAsTakenAndMakesNoTask) {
  LedgerQueue queue(ledger_, options_);
  const Message message{.id = "t1", .body = "{}", .dedup_key = "k"};
  const Message without_key{.id = "k", .body = "{}"};
  const auto answers = queue.publish(std::vector<Message>{message, message, without_key});
  ASSERT_TRUE(answers);
  for (const Status& answer : *answers) EXPECT_TRUE(answer.has_value());
  EXPECT_EQ(tasks().size(), 1u);
  EXPECT_EQ(queue.duplicates(), 2);
}

TEST_F(LedgerQueueTest, AMessageThatCanNeverRunIsRefusedAlone) {
  options_.check_task = [](const TaskRequest& request) -> Status {
    if (request.params == "{}") return {};
    return fail(Code::invalid_argument, "params: batch-id is missing");
  };
  LedgerQueue queue(ledger_, options_);
  const auto answers = queue.publish(
      std::vector<Message>{{.id = "1", .body = "{\"n\":1}"}, {.id = "2", .body = "{}"}});
  ASSERT_TRUE(answers);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("batch-id"));
  EXPECT_TRUE((*answers)[1].has_value());
  EXPECT_EQ(tasks().size(), 1u);
}

}  // namespace
}  // namespace waybill
