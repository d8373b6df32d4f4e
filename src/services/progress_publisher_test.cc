#include "services/progress_publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/fake_channel_publisher.h"
#include "testing/fake_ledger.h"
#include "testing/forwarding_reader.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A reader whose old events can be forgotten, and which can fail.
class TroubledReader final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;

  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    if (after < forgotten) return fail(Code::out_of_range, "gone");
    return inner_.events(after, limit);
  }
  Result<Task> get(const Uuid& id) override {
    if (failing && id == *failing) return fail(Code::unavailable, "busy");
    return inner_.get(id);
  }
  Result<Reported> reported(const Uuid& id) override {
    ++looks;
    return inner_.reported(id);
  }

  std::uint64_t forgotten = 0;
  std::optional<Uuid> failing;
  int looks = 0;
};

class ProgressPublisherTest : public testing::Test {
 protected:
  static std::string short_name(const Uuid& id) {
    for (int number = 1; number < 100; ++number) {
      if (task_id(number) == id) return std::to_string(number);
    }
    return "?";
  }
  static ChannelMessage tell(const Task& task, const std::string& progress) {
    return {.channel = short_name(task.id()),
            .body = std::string(to_string(task.status.state)) + progress};
  }
  void insert(int number) { ASSERT_TRUE(ledger_.insert(std::vector<TaskRequest>{a_task(number)})); }
  void claim() { ASSERT_TRUE(ledger_.claim({.worker = "w", .limit = 100, .lease = 1h})); }
  void succeed(int number) {
    const auto change = transition(*ledger_.get(task_id(number)), event::Succeed{.fence = 1},
                                   {.now = clock_.now()});
    ASSERT_TRUE(ledger_.apply(std::vector{change.value()}));
  }
  void say(int number, const std::string& progress) {
    const std::vector<Report> reports{{.id = task_id(number), .fence = 1, .progress = progress}};
    ASSERT_TRUE(ledger_.record(reports)->front());
  }
  Result<Duration> step() { return publisher_.step({.at = clock_.steady_now()}); }
  /// Steps until it has nothing to do now; what it told, as "task:state" with its progress.
  std::vector<std::string> told() {
    Result<Duration> wait = Duration(0);
    while (wait && *wait == 0s) wait = step();
    EXPECT_TRUE(wait) << wait.error().message;
    std::vector<std::string> told;
    for (const ChannelMessage& message : channels_.take()) {
      told.push_back(message.channel + ":" + message.body);
    }
    return told;
  }
  std::vector<std::string> told_a_second_later() {
    clock_.advance(1s);
    return told();
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  TroubledReader reader_{ledger_};
  FakeChannelPublisher channels_;
  ProgressPublisher publisher_{
      {reader_, channels_, clock_}, tell, {.batch = 4, .running_max = 6, .backoff_first = 1s}};
};

TEST_F(ProgressPublisherTest, TellsOfEachChangeFromNowOn) {
  insert(1);
  EXPECT_THAT(told(), IsEmpty());
  insert(2);
  EXPECT_THAT(told(), ElementsAre("2:ready"));
  claim();
  EXPECT_THAT(told(), ElementsAre("1:leased", "2:leased"));
  succeed(2);
  EXPECT_THAT(told(), ElementsAre("2:succeeded"));
  EXPECT_THAT(told_a_second_later(), IsEmpty());
  EXPECT_EQ(publisher_.counts().published, 4u);
  EXPECT_EQ(publisher_.counts().dropped, 0u);
}

TEST_F(ProgressPublisherTest, TellsOnceOfChangesThatFollowEachOtherQuickly) {
  EXPECT_THAT(told(), IsEmpty());
  insert(1);
  claim();
  succeed(1);
  EXPECT_THAT(told(), ElementsAre("1:succeeded"));
}

TEST_F(ProgressPublisherTest, TellsOfNewProgressAtMostOnceASecond) {
  insert(1);
  claim();
  say(1, "10%");
  EXPECT_THAT(told(), ElementsAre("1:leased10%")) << "it ran before there was a publisher";
  say(1, "20%");
  say(1, "30%");
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(told_a_second_later(), ElementsAre("1:leased30%"));
  EXPECT_THAT(told_a_second_later(), IsEmpty()) << "nothing new";
  say(1, "40%");
  succeed(1);
  EXPECT_THAT(told(), ElementsAre("1:succeeded40%"));
  const int looks = reader_.looks;
  EXPECT_THAT(told_a_second_later(), IsEmpty());
  EXPECT_EQ(reader_.looks, looks) << "nothing runs: nothing is looked at";
}

TEST_F(ProgressPublisherTest, LetsRunningTasksTakeTurnsAndFollowsOnlySoMany) {
  EXPECT_THAT(told(), IsEmpty());
  for (int number = 1; number <= 8; ++number) insert(number);
  claim();
  EXPECT_THAT(told(), Contains("8:leased"));
  for (int number = 1; number <= 8; ++number) say(number, "1");
  reader_.looks = 0;
  const auto first = told_a_second_later();
  EXPECT_THAT(first, SizeIs(4));
  EXPECT_EQ(reader_.looks, 8) << "four looks, and four readings of what is told";
  const auto second = told_a_second_later();
  EXPECT_THAT(second, SizeIs(2)) << "six are followed";
  EXPECT_THAT(told_a_second_later(), IsEmpty());
  succeed(1);
  EXPECT_THAT(told(), ElementsAre("1:succeeded1"));
}

TEST_F(ProgressPublisherTest, DropsWhatItCannotSendAndTellsOfWhatRunsAfterwards) {
  EXPECT_THAT(told(), IsEmpty());
  insert(1);
  claim();
  EXPECT_THAT(told(), ElementsAre("1:leased"));
  say(1, "10%");
  channels_.fail_with(Error{.code = Code::unavailable, .message = "away"});
  EXPECT_THAT(told_a_second_later(), IsEmpty());
  EXPECT_EQ(publisher_.counts().dropped, 1u);
  const int calls = channels_.calls();
  insert(2);
  insert(3);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(channels_.calls(), calls) << "nobody is asked so soon after a failure";
  EXPECT_EQ(publisher_.counts().dropped, 3u);
  channels_.fail_with({});
  clock_.advance(1s);
  insert(4);
  EXPECT_THAT(told(), ElementsAre("4:ready"));
  EXPECT_THAT(told_a_second_later(), ElementsAre("1:leased10%")) << "it runs still";
  EXPECT_EQ(publisher_.counts().dropped, 3u);
}

TEST_F(ProgressPublisherTest, GoesOnWhereNobodyIsThereFromTheBeginning) {
  channels_.fail_with(Error{.code = Code::unauthenticated, .message = "who are you?"});
  EXPECT_THAT(told(), IsEmpty());
  insert(1);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(publisher_.counts().dropped, 1u);
  channels_.fail_with({});
  clock_.advance(1s);
  claim();
  EXPECT_THAT(told(), ElementsAre("1:leased"));
}

TEST_F(ProgressPublisherTest, GoesOnFromTheNewestEventWhenOldOnesAreGone) {
  EXPECT_THAT(told(), IsEmpty());
  insert(1);
  claim();
  say(1, "10%");
  reader_.forgotten = *ledger_.last_sequence(std::nullopt, {});
  EXPECT_THAT(told(), ElementsAre("1:leased10%")) << "as one that runs";
  insert(2);
  EXPECT_THAT(told(), ElementsAre("2:ready"));
}

TEST_F(ProgressPublisherTest, TellsNothingTwiceAndLosesNothingWhileTheLedgerIsBusy) {
  EXPECT_THAT(told(), IsEmpty());
  for (int number = 1; number <= 3; ++number) insert(number);
  reader_.failing = task_id(2);
  EXPECT_FALSE(step());
  EXPECT_FALSE(step());
  reader_.failing.reset();
  EXPECT_THAT(told(), ElementsAre("1:ready", "2:ready", "3:ready"));
  EXPECT_EQ(publisher_.counts().dropped, 0u);
}

/// Two that would tell the same.
class TwoProgressPublishersTest : public ProgressPublisherTest {
 protected:
  static ProgressPublisherParams of(const char* holder) {
    return {.batch = 4, .turn = "t", .holder = holder};
  }
  std::vector<std::string> told_by(ProgressPublisher& publisher) {
    std::vector<std::string> told;
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(publisher.step({.at = clock_.steady_now()}));
      for (const ChannelMessage& message : channels_.take()) {
        told.push_back(message.channel + ":" + message.body);
      }
    }
    return told;
  }

  FakeChannelPublisher channels_{&clock_};
  ProgressPublisher first_{{reader_, channels_, clock_}, tell, of("first")};
  ProgressPublisher second_{{reader_, channels_, clock_}, tell, of("second")};
};

TEST_F(TwoProgressPublishersTest, OneOfThemTellsUntilItLeaves) {
  EXPECT_THAT(told_by(first_), IsEmpty());
  EXPECT_THAT(told_by(second_), IsEmpty());
  insert(1);
  EXPECT_THAT(told_by(second_), IsEmpty());
  EXPECT_THAT(told_by(first_), ElementsAre("1:ready"));
  for (int i = 0; i < 20; ++i) {
    clock_.advance(1s);
    EXPECT_THAT(told_by(second_), IsEmpty());
    EXPECT_THAT(told_by(first_), IsEmpty());
  }
  first_.leave();
  clock_.advance(2s);
  insert(2);
  EXPECT_THAT(told_by(second_), ElementsAre("2:ready")) << "and not what was told long ago";
  clock_.advance(2s);
  EXPECT_THAT(told_by(first_), IsEmpty());
}

TEST_F(TwoProgressPublishersTest, AnotherOneTellsWhatADeadOneDidNot) {
  EXPECT_THAT(told_by(first_), IsEmpty());
  EXPECT_THAT(told_by(second_), IsEmpty());
  insert(1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(told_by(second_), IsEmpty());
    clock_.advance(1s);
  }
  claim();
  clock_.advance(2s);
  EXPECT_THAT(told_by(second_), ElementsAre("1:leased"));
  EXPECT_THAT(told_by(first_), IsEmpty()) << "it was not dead after all";
}

TEST_F(TwoProgressPublishersTest, BothTellWhereNobodyMayTakeTurns) {
  channels_.forbid_turns();
  EXPECT_THAT(told_by(first_), IsEmpty());
  EXPECT_THAT(told_by(second_), IsEmpty());
  insert(1);
  EXPECT_THAT(told_by(first_), ElementsAre("1:ready"));
  EXPECT_THAT(told_by(second_), ElementsAre("1:ready"));
}

TEST_F(ProgressPublisherTest, PassesOverTasksThatAreGone) {
  EXPECT_THAT(told(), IsEmpty());
  insert(1);
  claim();
  succeed(1);
  clock_.advance(1h);
  ASSERT_THAT(*ledger_.remove(std::vector{task_id(1)}, clock_.now()), SizeIs(1));
  insert(2);
  EXPECT_THAT(told(), ElementsAre("2:ready"));
}

}  // namespace
}  // namespace waybill
