#include "http/api/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

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
  /// Where each begins.
  static std::vector<std::size_t> events_in(const std::string& text) {
    std::vector<std::size_t> found;
    for (std::size_t at = text.find("event: task"); at != text.npos;
         at = text.find("event: task", at + 1)) {
      found.push_back(at);
    }
    return found;
  }
  void say(const Task& task, std::string progress) {
    const Report report{
        .id = task.id(), .fence = task.status.fence, .progress = std::move(progress)};
    ASSERT_TRUE(ledger_.record({&report, 1}).value().front());
  }
  void succeed(const Task& task) {
    const auto change =
        transition(task, event::Succeed{.fence = task.status.fence}, {.now = clock_.now()});
    ASSERT_TRUE(ledger_.apply({&*change, 1}));
  }
  /// Until all that run were looked at once more.
  void look() {
    clock_.advance(1s);
    for (int i = 0; i < 10; ++i) step();
  }
  std::uint64_t last() { return ledger_.last_sequence(std::nullopt, {}).value(); }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeLogStore logs_;
  std::vector<LedgerEvent> seen_;
  EventFeed feed_{{.reader = ledger_, .logs = logs_, .clock = clock_},
                  [this](const LedgerEvent& event) { seen_.push_back(event); }};
};

TEST_F(EventFeedTest, ReadsNothingForNobodyAndStreamsMissNothingOfIt) {
  bool passes = true;
  int asked = 0;
  EventFeed feed(
      {.reader = ledger_, .logs = logs_, .clock = clock_},
      [this](const LedgerEvent& event) { seen_.push_back(event); },
      [&] {
        ++asked;
        return passes;
      });
  const auto step_it = [&] { ASSERT_TRUE(feed.step({.at = clock_.steady_now()})); };
  step_it();
  EXPECT_EQ(asked, 0) << "there is nothing new";
  insert(a_task(1));
  const std::uint64_t before = last();
  insert(a_task(2));
  step_it();
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(seen_.empty());
  const auto stream = feed.follow_events(before, {}).value();
  step_it();
  const std::string text = take(*stream);
  EXPECT_THAT(text, HasSubstr(to_string(task_id(2))));
  EXPECT_THAT(text, Not(HasSubstr(to_string(task_id(1)))));
  insert(a_task(3));
  step_it();
  EXPECT_EQ(asked, 1) << "now there is somebody";
  EXPECT_EQ(seen_.size(), 1u);
  EXPECT_THAT(take(*stream), HasSubstr(to_string(task_id(3))));
  stream->close();
  passes = false;
  insert(a_task(4));
  step_it();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(seen_.size(), 2u) << "somebody waits for it to ring";
}

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

TEST_F(EventFeedTest, TellsOnlyOfTasksThatAreAskedFor) {
  const auto by_kind = feed_.follow_events(std::nullopt, {.kinds = {"other", "noop"}}).value();
  const auto by_label =
      feed_.follow_events(std::nullopt, {.labels = {{"team", "data"}, {"day", "1"}}}).value();
  const auto by_user = feed_.follow_events(std::nullopt, {.created_by = {"token:ann"}}).value();
  const auto by_definition = feed_.follow_events(std::nullopt, {.definitions = {"fetch"}}).value();
  step();
  insert(a_task(1).kind("noop").label("team", "data"));
  insert(a_task(2).kind("command").label("team", "data").label("day", "1"));
  insert(a_task(3).kind("command").created_by("token:ann"));
  insert(a_task(4).kind("command").definition("fetch"));
  step();
  const auto tells_of = [](int wanted) {
    return testing::Truly([wanted](const std::string& text) {
      for (int i = 1; i <= 4; ++i) {
        const bool is_told = text.find(to_string(task_id(i))) != text.npos;
        if (is_told != (i == wanted)) return false;
      }
      return true;
    });
  };
  EXPECT_THAT(take(*by_kind), tells_of(1));
  EXPECT_THAT(take(*by_label), tells_of(2));
  EXPECT_THAT(take(*by_user), tells_of(3));
  EXPECT_THAT(take(*by_definition), tells_of(4));
}

TEST_F(EventFeedTest, AChoiceByTasksMissesNothingOfALongPast) {
  constexpr int kTasks =
      3'000;  // more than are read at once, and than are awaited at the beginning
  insert(a_task(1).kind("command"));
  const std::uint64_t before = last();
  ASSERT_TRUE(ledger_.insert(some_tasks(2, kTasks)));
  insert(a_task(kTasks + 1).kind("command").label("end", "1"));
  const auto chosen = feed_.follow_events(before, {.labels = {{"end", "1"}}}).value();
  const auto every = feed_.follow_events(before, {.kinds = {"noop", "command"}}).value();
  EXPECT_THAT(take(*chosen), Not(HasSubstr("event: task")));
  std::string text;
  std::string last_one;
  for (int i = 0; i < kTasks; ++i) {
    text += take(*every);
    last_one += take(*chosen);
    step();
  }
  EXPECT_EQ(std::ssize(events_in(text)), kTasks);
  EXPECT_THAT(last_one, HasSubstr(to_string(task_id(kTasks + 1))));
  EXPECT_THAT(events_in(last_one), testing::SizeIs(1));
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
  EXPECT_EQ(std::ssize(events_in(text)), kTasks);
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

TEST_F(EventFeedTest, TellsWhatRunningTasksSayOfTheirProgressWithoutAnId) {
  insert(a_task(1));
  const Task task = ledger_.claim({.worker = "w"})->front();
  say(task, R"({"done":1,"of":3})");
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  step();
  const std::string first = "event: progress\ndata: {\"id\":\"" + to_string(task.id()) +
                            "\",\"queue\":\"default\",\"progress\":{\"done\":1,\"of\":3}}\n\n";
  EXPECT_THAT(take(*stream), testing::EndsWith("\n\n" + first));
  look();
  EXPECT_EQ(take(*stream), "") << "nothing new";
  say(task, "{\"done\":2,\n\"of\":3}");
  look();
  EXPECT_THAT(take(*stream), HasSubstr("\"progress\":{\"done\":2,\"of\":3}}\n\n"));
  const auto late = feed_.follow_events(std::nullopt, {}).value();
  step();
  EXPECT_THAT(take(*late), HasSubstr("\"done\":2")) << "who comes later begins with the latest";
  EXPECT_EQ(take(*stream), "");
}

TEST_F(EventFeedTest, TellsProgressAfterTheLeaseAndNoneAfterTheEnd) {
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  step();
  insert(a_task(1));
  const Task task = ledger_.claim({.worker = "w"})->front();
  say(task, R"({"done":1})");
  look();
  const std::string text = take(*stream);
  EXPECT_LT(text.find("\"claimed\""), text.find("event: progress"));
  say(task, R"({"done":2})");
  succeed(task);
  look();
  EXPECT_THAT(take(*stream), Not(HasSubstr("event: progress")));
}

TEST_F(EventFeedTest, TellsTheProgressOfTasksThatAreAskedFor) {
  insert(a_task(1).queue("a").kind("noop"));
  insert(a_task(2).queue("b").kind("command"));
  const auto tasks = ledger_.claim({.worker = "w", .limit = 2}).value();
  const auto by_queue = feed_.follow_events(std::nullopt, {.queues = {"b"}}).value();
  const auto by_task = feed_.follow_events(std::nullopt, {.task = task_id(1)}).value();
  const auto by_kind = feed_.follow_events(std::nullopt, {.kinds = {"noop"}}).value();
  const auto by_state = feed_.follow_events(std::nullopt, {.states = {State::failed}}).value();
  step();
  for (const Task& task : tasks) say(task, R"({"done":1})");
  look();
  const auto tells_of = [](int wanted, int other) {
    return testing::AllOf(
        HasSubstr("event: progress\ndata: {\"id\":\"" + to_string(task_id(wanted))),
        Not(HasSubstr(to_string(task_id(other)))));
  };
  EXPECT_THAT(take(*by_queue), tells_of(2, 1));
  EXPECT_THAT(take(*by_task), tells_of(1, 2));
  EXPECT_THAT(take(*by_kind), tells_of(1, 2));
  EXPECT_THAT(take(*by_state), Not(HasSubstr("event: progress")));
}

TEST_F(EventFeedTest, ASlowReaderIsToldOfTheLatestProgressAlone) {
  constexpr int kTasks = 400;
  ASSERT_TRUE(ledger_.insert(some_tasks(1, kTasks)));
  const auto tasks = ledger_.claim({.worker = "w", .limit = kTasks}).value();
  const auto stream = feed_.follow_events(std::nullopt, {}).value();
  step();
  const std::string long_text(1000, 'x');
  for (int round = 1; round <= 20; ++round) {
    for (const Task& task : tasks) {
      say(task, R"({"done":)" + std::to_string(round) + R"(,"text":")" + long_text + R"("})");
    }
    look();
    EXPECT_LT(stream->waiting(), 64u << 10);
  }
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += take(*stream);
    step();
  }
  for (const Task& task : tasks) {
    const std::size_t last = text.rfind(to_string(task.id()));
    ASSERT_NE(last, text.npos);
    EXPECT_EQ(text.compare(text.find("\"done\":", last), 9, "\"done\":20"), 0);
  }
  EXPECT_LT(std::ranges::count(text, '\n'), 3 * 2 * kTasks) << "not what was said in between";
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
  succeed(task);
  step();
  EXPECT_THAT(take(*stream), HasSubstr("event: end\ndata: {\"state\":\"succeeded\"}"));
  EXPECT_FALSE(feed_.follow_logs(task_id(9), ""));
}

}  // namespace
}  // namespace waybill::http
