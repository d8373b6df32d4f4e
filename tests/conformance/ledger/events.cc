// LedgerReader::events and last_sequence: the tail that others follow.

#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

TEST_P(LedgerConformance, TheTailIsCompleteAndSaysWhatTheHistoriesSay) {
  insert({a_task(1).created_by("cli:ann"), a_task(2).waits_for({task_id(1)}),
          a_task(3).queue("other").run_at(clock_.now() + 1min)});
  const Task leased = claim(1, {.worker = "w1"}).at(0);
  clock_.advance(1s);
  succeed(leased);
  claim(1, {.worker = "w2"});
  ASSERT_TRUE(happen(task_id(2), event::Cancel{.by = "ann", .reason = "too slow"}));
  clock_.advance(1min);
  ASSERT_TRUE(happen(task_id(2), event::Expire{}));
  ASSERT_TRUE(happen(task_id(3), event::Due{}));
  ASSERT_TRUE(happen(task_id(2), event::Retry{.by = "bob"}));

  std::map<Uuid, std::vector<HistoryEntry>> by_task;
  std::uint64_t last = 0;
  for (const LedgerEvent& event : all_events()) {
    EXPECT_GT(event.sequence, last);
    last = event.sequence;
    EXPECT_EQ(event.queue, event.id == task_id(3) ? "other" : "default");
    by_task[event.id].push_back(event.entry);
  }
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(by_task[task_id(i)], *reader().history(task_id(i))) << "task " << i;
  }
  EXPECT_EQ(by_task[task_id(2)].size(), 6u);
}

TEST_P(LedgerConformance, TheTailIsReadInPiecesWithoutGapOrRepetition) {
  insert(some_tasks(1, 10));
  for (const Task& task : claim(10)) succeed(task);
  const auto all = all_events();
  std::vector<std::uint64_t> pieces;
  std::uint64_t after = 0;
  for (;;) {
    const auto piece = reader().events(after, 7);
    ASSERT_TRUE(piece.has_value());
    EXPECT_LE(piece->size(), 7u);
    if (piece->empty()) break;
    for (const LedgerEvent& event : *piece) pieces.push_back(event.sequence);
    after = piece->back().sequence;
  }
  std::vector<std::uint64_t> whole;
  for (const LedgerEvent& event : all) whole.push_back(event.sequence);
  EXPECT_EQ(pieces, whole);
  EXPECT_EQ(whole.size(), 30u);
}

TEST_P(LedgerConformance, EventsOfOneTaskStandInTheOrderInWhichTheyHappened) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)})});
  succeed(claim_one());
  std::vector<std::pair<Uuid, Happening>> seen;
  for (const LedgerEvent& event : all_events()) seen.emplace_back(event.id, event.entry.happening);
  const std::vector<std::pair<Uuid, Happening>> expected = {
      {task_id(1), Happening::created},
      {task_id(2), Happening::created},
      {task_id(1), Happening::claimed},
      {task_id(1), Happening::succeeded},
      {task_id(2), Happening::dependency_succeeded}};
  EXPECT_EQ(seen, expected);
}

TEST_P(LedgerConformance, DuplicatesHeartbeatsAndRefusedChangesMakeNoEvents) {
  insert_one(a_task(1).dedup("k"));
  const Task leased = claim_one();
  const auto before = reader().last_sequence({}, {});
  insert_one(a_task(1));
  insert_one(a_task(2).dedup("k"));
  extend_one(task_id(1), leased.status.fence, 60s);
  EXPECT_TRUE(record_one({.id = task_id(1), .fence = leased.status.fence, .progress = "{}"}));
  Change stale = change_of(leased, event::Succeed{.fence = leased.status.fence});
  stale.from.revision += 1;
  EXPECT_FALSE(apply_one(stale));
  EXPECT_EQ(*reader().last_sequence({}, {}), *before);
  EXPECT_EQ(all_events().size(), 2u);
}

TEST_P(LedgerConformance, EventsOutliveTheirTask) {
  insert_one(a_task(1));
  succeed(claim_one());
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  EXPECT_EQ(all_events().size(), 3u);
}

TEST_P(LedgerConformance, TheLastSequenceIsThatOfTheNewestEvent) {
  EXPECT_EQ(*reader().last_sequence({}, {}), 0u);
  insert(some_tasks(1, 3));
  EXPECT_EQ(*reader().last_sequence({}, {}), all_events().back().sequence);
}

TEST_P(LedgerConformance, WaitingForAnEventThatIsThereTakesNoTime) {
  insert_one(a_task(1));
  EXPECT_EQ(*reader().last_sequence(0, {}), all_events().back().sequence);
}

TEST_P(LedgerConformance, WaitingInVainEndsAtTheDeadlineOrTheStop) {
  insert_one(a_task(1));
  const std::uint64_t last = *reader().last_sequence({}, {});
  EXPECT_EQ(*reader().last_sequence(last, {.at = SteadyTime{}}), last);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(*reader().last_sequence(last, {.stop = stop.get_token()}), last);
}

TEST_P(LedgerConformance, AStopEndsAWaitThatIsUnderWay) {
  std::stop_source stop;
  std::jthread waiter([&] {
    const auto last = reader().last_sequence(0, {.stop = stop.get_token()});
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(*last, 0u);
  });
  stop.request_stop();
}

TEST_P(LedgerConformance, EachKindOfChangeWakesWhoWaitsForTheTail) {
  const auto wakes = [&](const std::function<void()>& change) {
    const std::uint64_t before = *reader().last_sequence({}, {});
    std::uint64_t after = before;
    std::jthread waiter([&] { after = *reader().last_sequence(before, {}); });
    change();
    waiter.join();
    EXPECT_GT(after, before);
  };
  Task leased;
  wakes([&] { insert_one(a_task(1)); });
  wakes([&] { leased = claim_one(); });
  wakes([&] { succeed(leased); });
}

}  // namespace
}  // namespace waybill
