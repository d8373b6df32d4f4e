#include "services/claimer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/dispatcher.h"
#include "services/hint.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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
  Dispatcher dispatcher(ledger_, clock_, [&](const std::string&) { return &hints; });
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

  Claimer claimer({.ledger = ledger_, .clock = clock_, .hints = &hints, .reader = &ledger_},
                  {.worker = "w", .lease = std::chrono::seconds(25)}, {{.name = "work"}});
  HeldRuns runs;
  Claimer::Claimed claimed;
  ASSERT_TRUE(claimer.claim(runs, 1, claimed));
  ASSERT_EQ(claimed.keys.size(), 1U);
  EXPECT_EQ(claimed.keys[0].task, task_id(2)) << "task 1 ranks higher, but no hint names it";
}

/// A claimer with hints, of one kind that takes a slot and one that runs inline.
class HintedClaimerTest : public ClaimerTest {
 protected:
  std::vector<Uuid> claim_hinted(std::size_t room = 9) {
    Claimer::Claimed claimed;
    HeldRuns runs;
    EXPECT_TRUE(claimer_.claim(runs, room, claimed).has_value());
    std::vector<Uuid> tasks;
    for (const RunKey& key : claimed.keys) tasks.push_back(key.task);
    return tasks;
  }
  void insert(const std::vector<TaskRequest>& requests) {
    ASSERT_TRUE(ledger_.insert(requests).has_value());
  }
  void hint(int number) {
    const std::vector<Message> hint = {make_hint(*ledger_.get(task_id(number)))};
    ASSERT_TRUE(hints_.publish(hint).value()[0].has_value());
  }

  FakeQueue hints_{clock_};
  Claimer claimer_{{.ledger = ledger_, .clock = clock_, .hints = &hints_, .reader = &ledger_},
                   {.worker = "w",
                    .lease = std::chrono::seconds(25),
                    .inline_batch = 2,
                    .sweep_every = std::chrono::seconds(10)},
                   {{.name = "work"}, {.name = "noop", .runs_inline = true}}};
};

TEST_F(HintedClaimerTest, LooksForTasksThatNoHintNamesNowAndThen) {
  EXPECT_THAT(claim_hinted(), IsEmpty());
  insert({a_task(1).kind("work"), a_task(2).kind("work")});
  hint(2);
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(2)));
  EXPECT_THAT(claim_hinted(), IsEmpty());
  clock_.advance(std::chrono::seconds(10));
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(1)));
}

TEST_F(HintedClaimerTest, AHintIsSpentAlsoWhenItsTaskIsAnothers) {
  insert({a_task(1).kind("work")});
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(1)));
  hint(1);
  EXPECT_THAT(claim_hinted(), IsEmpty());
  EXPECT_EQ(hints_.size(), 0U);
  insert({a_task(2).kind("work")});
  EXPECT_THAT(claim_hinted(), IsEmpty()) << "a hint that came twice is no reason to look further";
}

TEST_F(HintedClaimerTest, ATaskThatItsQueueHeldBackIsFoundWhenItMayBeginWithoutAnotherHint) {
  ASSERT_TRUE(ledger_.put_queue({.name = "default", .concurrency_max = 1}));
  EXPECT_THAT(claim_hinted(), IsEmpty());
  insert({a_task(1).kind("work"), a_task(2).kind("work")});
  hint(1);
  hint(2);
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(1)));
  EXPECT_EQ(hints_.size(), 0U);
  const auto done =
      transition(*ledger_.get(task_id(1)), event::Succeed{.fence = 1}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply(std::vector{done.value()})->front());
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(2)));
}

TEST_F(HintedClaimerTest, OnceATaskWaitedForLongWithoutAHintTheLedgerIsAskedEachTime) {
  EXPECT_THAT(claim_hinted(), IsEmpty());
  insert({a_task(1).kind("work")});
  clock_.advance(std::chrono::seconds(10));
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(1)));
  insert({a_task(2).kind("work")});
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(2)));
  clock_.advance(std::chrono::seconds(10));
  EXPECT_THAT(claim_hinted(), IsEmpty());
  insert({a_task(3).kind("work")});
  EXPECT_THAT(claim_hinted(), IsEmpty()) << "that was 10 s ago";
}

TEST_F(HintedClaimerTest, AHintOfAKindThatRunsInlineFindsAllOfThem) {
  EXPECT_THAT(claim_hinted(), IsEmpty());
  insert({a_task(1), a_task(2), a_task(3)});
  hint(3);
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(1), task_id(2)));
  EXPECT_THAT(claim_hinted(), ElementsAre(task_id(3)));
  EXPECT_EQ(hints_.size(), 0U);
}

TEST_F(HintedClaimerTest, AHintOfAKindThatItCannotRunIsGivenBack) {
  EXPECT_THAT(claim_hinted(), IsEmpty());
  insert({a_task(1).kind("other")});
  hint(1);
  EXPECT_THAT(claim_hinted(), IsEmpty());
  EXPECT_EQ(hints_.receive(9, {.at = clock_.steady_now()})->size(), 1U);
}

TEST_F(HintedClaimerTest, TakesNoHintWithoutRoom) {
  insert({a_task(1).kind("work")});
  hint(1);
  EXPECT_THAT(claim_hinted(0), IsEmpty());
  EXPECT_EQ(hints_.receive(9, {.at = clock_.steady_now()})->size(), 1U);
}

/// A claimer without hints, of one kind that takes a slot and one that runs inline.
class InlineClaimerTest : public ClaimerTest {
 protected:
  /// How many a claim takes, of the one kind and the other.
  std::pair<std::size_t, std::size_t> claim_both() {
    Claimer::Claimed claimed;
    HeldRuns runs;
    EXPECT_TRUE(claimer_.claim(runs, 1, claimed).has_value());
    return {runs.slots_taken(), runs.size() - runs.slots_taken()};
  }
  void insert(const std::vector<TaskRequest>& requests) {
    ASSERT_TRUE(ledger_.insert(requests).has_value());
  }

  Claimer claimer_{
      {.ledger = ledger_, .clock = clock_},
      {.worker = "w", .lease = std::chrono::seconds(25), .inline_batch = 2, .inline_batch_max = 5},
      {{.name = "work"}, {.name = "noop", .runs_inline = true}}};
};

TEST_F(InlineClaimerTest, BatchesGrowWhileTheyAreFullAndQuick) {
  insert(some_tasks(1, 100));
  EXPECT_EQ(claim_both().second, 2U);
  EXPECT_EQ(claim_both().second, 4U);
  EXPECT_EQ(claim_both().second, 5U);
  EXPECT_EQ(claim_both().second, 5U);
  clock_.advance(std::chrono::milliseconds(150));
  EXPECT_EQ(claim_both().second, 5U) << "neither quick nor slow";
  clock_.advance(std::chrono::milliseconds(201));
  EXPECT_EQ(claim_both().second, 2U);
}

TEST_F(InlineClaimerTest, BatchesAreSmallAgainAfterOneThatWasNotFull) {
  insert(some_tasks(1, 7));
  EXPECT_EQ(claim_both().second, 2U);
  EXPECT_EQ(claim_both().second, 4U);
  EXPECT_EQ(claim_both().second, 1U);
  insert(some_tasks(8, 10));
  EXPECT_EQ(claim_both().second, 2U);
}

TEST_F(InlineClaimerTest, FullBatchesKeepTasksForSlotsWaitingAMoment) {
  insert(some_tasks(1, 100));
  EXPECT_EQ(claim_both().first, 0U);  // before it is known that the batch is full
  EXPECT_EQ(claim_both().first, 0U);
  insert({a_task(101).kind("work"), a_task(102).kind("work")});
  EXPECT_EQ(claim_both().first, 0U);
  clock_.advance(std::chrono::milliseconds(20));
  EXPECT_EQ(claim_both().first, 1U);
  EXPECT_EQ(claim_both().first, 1U) << "where there was one there may be more";
}

TEST_F(InlineClaimerTest, TasksForSlotsDoNotWaitWhereBatchesAreNotFull) {
  insert(some_tasks(1, 3));
  EXPECT_EQ(claim_both(), std::pair(std::size_t{0}, std::size_t{2}));
  EXPECT_EQ(claim_both(), std::pair(std::size_t{0}, std::size_t{1}));
  insert({a_task(101).kind("work")});
  EXPECT_EQ(claim_both().first, 1U);
}

}  // namespace
}  // namespace waybill
