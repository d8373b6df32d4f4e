#include "http/api/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/sim_clock.h"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class EventFeedTest : public ::testing::Test {
 protected:
  void insert(const TaskRequest& request) {
    ASSERT_TRUE(ledger_.insert(std::vector<TaskRequest>{request}));
  }
  void step() { ASSERT_TRUE(feed_.step({.at = clock_.steady_now()})); }
  /// All that was written to the stream since the last time.
  static std::string take(BodyStream& stream) {
    std::string text;
    std::array<char, 4096> buffer{};
    std::size_t got = 0;
    for (;;) {
      const auto read = stream.read(
          buffer.data(), buffer.size(), got, [] {}, [] {});
      if (read != BodyStream::Read::some) return text;
      text.append(buffer.data(), got);
    }
  }
  std::uint64_t last() { return ledger_.last_sequence(std::nullopt, {}).value(); }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeLogStore logs_;
  std::vector<LedgerEvent> seen_;
  EventFeed feed_{{.reader = ledger_, .logs = logs_, .clock = clock_},
                  [this](const LedgerEvent& event) { seen_.push_back(event); }};
};

TEST_F(EventFeedTest, TellsWhatHappensFromNowOn) {
  insert(a_task(1));
  step();
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  insert(a_task(2));
  step();
  const std::string text = take(*stream);
  EXPECT_THAT(text, HasSubstr("event: task\ndata: {"));
  EXPECT_THAT(text, HasSubstr("id: " + std::to_string(last()) + "\n"));
  EXPECT_THAT(text, HasSubstr(to_string(task_id(2))));
  EXPECT_THAT(text, Not(HasSubstr(to_string(task_id(1)))));
}

TEST_F(EventFeedTest, GoesOnAfterWhatTheClientHasSeen) {
  for (int i = 1; i <= 3; ++i) insert(a_task(i));
  const auto events = ledger_.events(0, 10).value();
  const auto stream = feed_.follow_events(events[0].sequence, {}).value();
  insert(a_task(4));
  step();
  const std::string text = take(*stream);
  EXPECT_THAT(text, Not(HasSubstr(to_string(task_id(1)))));
  std::size_t at = 0;
  for (int i = 2; i <= 4; ++i) {
    const std::size_t found = text.find(to_string(task_id(i)));
    ASSERT_NE(found, text.npos) << i;
    EXPECT_EQ(text.find(to_string(task_id(i)), found + 1), text.npos) << "twice";
    EXPECT_GE(found, at);
    at = found;
  }
}

TEST_F(EventFeedTest, TellsOnlyWhatIsAskedFor) {
  const auto by_queue = feed_.follow_events(std::nullopt, {.queues = {"b"}}).value();
  const auto by_task = feed_.follow_events(std::nullopt, {.task = task_id(1)}).value();
  const auto by_state = feed_.follow_events(std::nullopt, {.states = {State::failed}}).value();
  step();
  insert(a_task(1).queue("a"));
  insert(a_task(2).queue("b"));
  step();
  EXPECT_THAT(take(*by_queue), testing::AllOf(HasSubstr(to_string(task_id(2))),
                                              Not(HasSubstr(to_string(task_id(1))))));
  EXPECT_THAT(take(*by_task), HasSubstr(to_string(task_id(1))));
  EXPECT_THAT(take(*by_state), Not(HasSubstr("event: task")));
}

TEST_F(EventFeedTest, LeavesASlowReaderBehindAndMissesNothing) {
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  step();
  constexpr int kTasks = 12'000;  // more than the feed keeps, and than fits into a stream
  insert(a_task(1));
  step();
  ASSERT_TRUE(ledger_.insert(some_tasks(2, kTasks)));
  step();
  EXPECT_LT(stream->waiting(), 600'000u);
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += take(*stream);
    step();
  }
  text += take(*stream);
  int events = 0;
  for (std::size_t at = text.find("event: task"); at != text.npos;
       at = text.find("event: task", at + 1)) {
    ++events;
  }
  EXPECT_EQ(events, kTasks);
}

TEST_F(EventFeedTest, TellsAClientThatHasSeenMoreThanThereIsToListAgain) {
  insert(a_task(1));
  const auto stream = feed_.follow_events(last() + 1000, {}).value();
  EXPECT_THAT(take(*stream), HasSubstr("event: reset\ndata: {\"sequence\":"));
  insert(a_task(2));
  step();
  EXPECT_THAT(take(*stream), HasSubstr(to_string(task_id(2))));
}

TEST_F(EventFeedTest, SaysWhereItIsBeforeTheFirstEvent) {
  insert(a_task(1));
  insert(a_task(2));
  step();
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  EXPECT_EQ(take(*stream), ":\n\nid: 2\n\n");
}

TEST_F(EventFeedTest, KeepsAnIdleStreamOpen) {
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  step();
  take(*stream);
  clock_.advance(15s);
  step();
  EXPECT_EQ(take(*stream), ":\n\n");
}

TEST_F(EventFeedTest, TellsOthersOfEachChangeOnce) {
  step();
  insert(a_task(1));
  insert(a_task(2));
  step();
  step();
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[0].id, task_id(1));
}

TEST_F(EventFeedTest, FollowsTheOutputOfATaskToItsEnd) {
  insert(a_task(1));
  const auto task = ledger_.claim({.worker = "w"})->front();
  const auto write = [&](std::string text) {
    ASSERT_TRUE(logs_.append(task.id(), {.attempt = 1, .at = clock_.now(), .bytes = text}));
  };
  write("one\n");
  const auto stream = feed_.follow_logs(task.id(), "").value();
  write("two\n");
  step();
  EXPECT_THAT(take(*stream),
              testing::AllOf(HasSubstr("one"), HasSubstr("two"), Not(HasSubstr("event: end"))));
  const auto change =
      transition(task, event::Succeed{.fence = task.status.fence}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply({&*change, 1}));
  step();
  EXPECT_THAT(take(*stream), HasSubstr("event: end\ndata: {\"state\":\"succeeded\"}"));
  EXPECT_FALSE(feed_.follow_logs(task_id(9), ""));
}

}  // namespace
}  // namespace waybill::http
