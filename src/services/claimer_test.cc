#include "services/claimer.h"

#include <gtest/gtest.h>

#include "services/dispatcher.h"
#include "services/hint.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

class ClaimerTest : public ::testing::Test {
 protected:
  /// What a claimer of these queues, with room for nine, adds to what it holds.
  std::vector<RunKey> claim(const std::vector<std::string>& queues) {
    Claimer claimer({.ledger = ledger_, .clock = clock_},
                    {.worker = "w", .queues = queues, .lease = std::chrono::seconds(25)},
                    {{.name = "noop"}});
    HeldRuns runs;
    Claimer::Claimed claimed;
    EXPECT_TRUE(claimer.claim(runs, 9, claimed).has_value());
    return claimed.keys;
  }
  State state(int number) { return ledger_.get(task_id(number))->status.state; }

  SimClock clock_;
  FakeLedger ledger_{clock_};
};

TEST_F(ClaimerTest, TakesFromEveryQueueIfItsOptionsNameNone) {
  ASSERT_TRUE(ledger_.insert(a_batch({a_task(1), a_task(2).queue("new")})).has_value());
  EXPECT_EQ(claim({}).size(), 2U);
}

TEST_F(ClaimerTest, TakesOnlyFromTheQueuesThatItsOptionsName) {
  ASSERT_TRUE(ledger_.insert(a_batch({a_task(1), a_task(2).queue("mine")})).has_value());
  EXPECT_EQ(claim({"mine"}).size(), 1U);
  EXPECT_EQ(state(1), State::ready);
  EXPECT_EQ(state(2), State::leased);
}

TEST_F(ClaimerTest, ADispatchersHintOfATaskThatWasLeasedBeforeIsClaimed) {
  FakeQueue hints(clock_);
  Dispatcher dispatcher(ledger_, clock_, {{"default", &hints}});
  ASSERT_TRUE(ledger_.insert(a_batch({a_task(1).kind("work"), a_task(2).kind("work")})));
  ASSERT_TRUE(dispatcher.step({.at = clock_.steady_now()}));
  const auto first_hints = hints.receive(10, {.at = clock_.steady_now()}).value();
  for (const Delivery& delivery : first_hints) {
    ASSERT_TRUE(hints.ack(std::vector{delivery.receipt}));
  }
  const auto only_second = ledger_.claim({.only_ids = {task_id(2)}, .worker = "w"}).value();
  ASSERT_EQ(only_second.size(), 1U);
  const auto back = transition(only_second[0], event::GiveBack{.fence = 1}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply(std::vector{back.value()})->front());
  while (dispatcher.step({.at = clock_.steady_now()}) == Duration(0)) continue;

  Claimer claimer({.ledger = ledger_, .clock = clock_, .hints = &hints},
                  {.worker = "w", .lease = std::chrono::seconds(25)}, {{.name = "work"}});
  HeldRuns runs;
  Claimer::Claimed claimed;
  ASSERT_TRUE(claimer.claim(runs, 1, claimed));
  ASSERT_EQ(claimed.keys.size(), 1U);
  EXPECT_EQ(claimed.keys[0].task, task_id(2)) << "task 1 ranks higher, but no hint names it";
}

}  // namespace
}  // namespace waybill
