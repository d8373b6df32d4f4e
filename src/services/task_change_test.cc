#include "services/task_change.h"

#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

TEST(ChangeTask, ACancelThatIsAskedForTwiceIsOne) {
  SimClock clock;
  FakeLedger ledger(clock);
  const LedgerParts parts{.ledger = ledger, .reader = ledger, .registry = ledger};
  const TaskRequest request = a_task(1);
  ASSERT_TRUE(ledger.insert(std::span(&request, 1)));
  ASSERT_EQ(ledger.claim({.worker = "w"})->size(), 1u);
  const auto first = change_task(parts, task_id(1), event::Cancel{.by = "ann"}, 0);
  ASSERT_TRUE(first) << first.error().message;
  for (int round = 0; round < 2; ++round) {
    const auto again = change_task(parts, task_id(1), event::Cancel{.by = "bob"}, 0);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->status, first->status) << "who asked first is who asked";
    EXPECT_TRUE(change_task_as_read(parts, *again, event::Cancel{.by = "bob"}, 0));
    EXPECT_TRUE(foresee_change(parts, task_id(1), event::Cancel{.by = "bob"}, 0));
  }
  EXPECT_EQ(ledger.history(task_id(1))->size(), 3u);
}

}  // namespace
}  // namespace waybill
