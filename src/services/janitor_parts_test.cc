// Retention where history is kept in parts.

#include <gtest/gtest.h>

#include "services/test_support/janitor_fixture.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class JanitorPartsTest : public JanitorTest {};

/// A history in parts that does as it is told, and notes what it was asked to remove.
class ToldParts final : public HistoryParts {
 public:
  Result<PartsStep> remove_some(std::span<const Expiry> due) override {
    asked.emplace_back(due.begin(), due.end());
    if (answers.empty()) return PartsStep{};
    const Result<PartsStep> answer = answers.front();
    answers.erase(answers.begin());
    return answer;
  }
  std::vector<Result<PartsStep>> answers;
  std::vector<std::vector<Expiry>> asked;
};

TEST_F(JanitorPartsTest, LetsATaskGoWithItsPartBeforeItGoesByItself) {
  ToldParts parts;
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .parts = &parts});
  insert({a_task(1)});
  const Time finished = clock_.now();
  finish_next(State::succeeded);
  clock_.advance(24h * 31);
  parts.answers = {PartsStep{.tasks = 9, .next = PartsStep::Next::more}, PartsStep{}};
  round(janitor);
  ASSERT_EQ(parts.asked.size(), 2u) << "again while there is more";
  ASSERT_EQ(parts.asked.front().size(), 1u) << "nothing has failed or was cancelled";
  EXPECT_EQ(parts.asked.front().front().finished_before, finished + 24h);
  EXPECT_TRUE(is_there(1)) << "its part may go yet";
  clock_.advance(1min);
  round(janitor);
  EXPECT_FALSE(is_there(1));
}

TEST_F(JanitorPartsTest, AsksForPartsAgainInAWhileWhereSomebodyWouldHaveToBeWaitedFor) {
  ToldParts parts;
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .parts = &parts},
      {.batch = 1, .pause = 600ms});
  insert(some_tasks(1, 4));
  for (int i = 0; i < 4; ++i) finish_next(State::succeeded);
  clock_.advance(24h * 40);
  parts.answers = {PartsStep{.next = PartsStep::Next::later},
                   PartsStep{.next = PartsStep::Next::later}, PartsStep{}};
  round(janitor);
  EXPECT_EQ(parts.asked.size(), 3u);
  EXPECT_FALSE(is_there(4)) << "what is overdue goes meanwhile";
}

TEST_F(JanitorPartsTest, GoesByTheSettingsOfNowThoughAPartCannotGoForLong) {
  ToldParts parts;
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .parts = &parts});
  insert({a_task(1)});
  finish_next(State::succeeded);
  clock_.advance(24h * 31);
  const auto work_for = [&](Duration duration) {
    for (const Time end = clock_.now() + duration; clock_.now() < end;) {
      if (parts.answers.empty()) {
        parts.answers.push_back(PartsStep{.next = PartsStep::Next::later});
      }
      clock_.advance(janitor.step({}).value());
    }
  };
  work_for(3min);
  ASSERT_FALSE(parts.asked.empty());
  EXPECT_GT(parts.asked.size(), 100u) << "each second, not each minute";
  QueueSettings kept{.name = "default"};
  kept.retention.succeeded = Duration(0);  // for ever
  ASSERT_TRUE(ledger_.put_queue(kept));
  work_for(2min);
  parts.asked.clear();
  work_for(2min);
  EXPECT_TRUE(parts.asked.empty()) << "nothing is due any more";
}

TEST_F(JanitorPartsTest, RemovesTasksByThemselvesWherePartsCannotBeRemoved) {
  ToldParts parts;
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .parts = &parts});
  insert({a_task(1)});
  finish_next(State::succeeded);
  clock_.advance(24h * 40);
  parts.answers = {fail(Code::permission_denied, "not yours")};
  round(janitor);
  EXPECT_FALSE(is_there(1));
}

}  // namespace
}  // namespace waybill
