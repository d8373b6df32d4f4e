// What came of a batch of inline tasks is recorded while the next one is claimed.

#include "services/test_support/worker_fixture.h"

namespace waybill {
namespace {

class BesideTest : public WorkerTest {
 protected:
  Duration step_beside() {
    const auto wait = beside_.step({});
    EXPECT_TRUE(wait.has_value()) << (wait ? "" : wait.error().message);
    return wait.value_or(Duration(-1));
  }

  SideThread side_;
  Worker beside_{{.ledger = ledger_,
                  .reader = fake_,
                  .registry = fake_,
                  .clock = clock_,
                  .executor = executor_,
                  .side = &side_},
                 {.name = "w2", .slots = 2, .inline_batch = 100, .inline_batch_max = 100},
                 Rng(1)};
};

TEST_F(BesideTest, AFullBatchIsRecordedWhileTheNextIsClaimed) {
  insert(some_tasks(1, 150));
  EXPECT_EQ(step_beside(), Duration(0));
  EXPECT_EQ(ledger_.applied, std::vector<std::size_t>{});
  EXPECT_EQ(beside_.held(), 100U);
  EXPECT_GT(step_beside(), Duration(0));
  EXPECT_EQ(ledger_.applied, (std::vector<std::size_t>{100, 50}));
  EXPECT_EQ(state(150), State::succeeded);
  EXPECT_EQ(beside_.held(), 0U);
}

TEST_F(BesideTest, WhatCannotBeRecordedNowIsLater) {
  insert(some_tasks(1, 150));
  EXPECT_EQ(step_beside(), Duration(0));
  ledger_.away = true;
  EXPECT_GT(step_beside(), Duration(0));
  EXPECT_EQ(beside_.held(), 100U);
  ledger_.away = false;
  step_beside();
  EXPECT_EQ(state(1), State::succeeded);
  EXPECT_EQ(state(150), State::succeeded);
  EXPECT_EQ(beside_.held(), 0U);
}

TEST_F(BesideTest, NothingIsClaimedWhileNothingCanBeRecorded) {
  insert(some_tasks(1, 450));
  EXPECT_EQ(step_beside(), Duration(0));
  ledger_.takes_no_changes = true;
  for (int i = 0; i < 5; ++i) {
    step_beside();
    EXPECT_EQ(beside_.held(), 200U);
  }
  ledger_.takes_no_changes = false;
  while (step_beside() == Duration(0)) continue;
  EXPECT_EQ(state(450), State::succeeded);
  EXPECT_EQ(beside_.held(), 0U);
}

TEST_F(BesideTest, ASuccessThatIsRefusedIsMadeAnew) {
  insert(some_tasks(1, 150));
  EXPECT_EQ(step_beside(), Duration(0));
  cancel(1);  // raises the revision
  step_beside();
  EXPECT_EQ(state(1), State::succeeded);
  EXPECT_EQ(ledger_.applied, (std::vector<std::size_t>{100, 51}));
  EXPECT_EQ(beside_.held(), 0U);
}

TEST_F(BesideTest, ADrainRecordsWhatWasLeftForTheNextStep) {
  insert(some_tasks(1, 150));
  EXPECT_EQ(step_beside(), Duration(0));
  beside_.drain(clock_.steady_now());
  step_beside();
  EXPECT_TRUE(beside_.drained());
  EXPECT_EQ(state(100), State::succeeded);
  EXPECT_EQ(state(101), State::ready);
}

}  // namespace
}  // namespace waybill
