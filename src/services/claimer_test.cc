#include "services/claimer.h"

#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
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

}  // namespace
}  // namespace waybill
