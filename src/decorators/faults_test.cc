#include "decorators/faults.h"

#include <gtest/gtest.h>

#include "decorators/faulty_ledger.h"
#include "decorators/faulty_object_store.h"
#include "decorators/faulty_queue.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_object_store.h"
#include "testing/fake_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class FaultsTest : public ::testing::Test {
 protected:
  Result<std::vector<Inserted>> insert(int number) {
    return ledger_.insert(a_batch({a_task(number)}));
  }
  bool has(int number) { return fake_.get(task_id(number)).has_value(); }

  SimClock clock_;
  FakeLedger fake_{clock_};
  Faults faults_{clock_, Rng(7), {}};
  FaultyLedger ledger_{fake_, faults_};
};

TEST_F(FaultsTest, WithoutRatesNothingGoesWrong) {
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(insert(i).has_value());
  EXPECT_TRUE(has(100));
}

TEST_F(FaultsTest, AFailureBeforeLeavesTheInnerPortUntouched) {
  faults_.set_rates({.before = 1});
  EXPECT_EQ(insert(1).error().code, Code::unavailable);
  EXPECT_FALSE(has(1));
}

TEST_F(FaultsTest, ALostReplyLooksLikeAFailureButWasDone) {
  faults_.set_rates({.reply_lost = 1});
  EXPECT_EQ(insert(1).error().code, Code::deadline_exceeded);
  EXPECT_TRUE(has(1));
}

TEST_F(FaultsTest, AStallHoldsTheCallerUpAndThenAnswers) {
  faults_.set_rates({.stall = 1, .stall_max = 100s});
  const SteadyTime before = clock_.steady_now();
  ASSERT_TRUE(insert(1).has_value());
  EXPECT_GT(clock_.steady_now(), before);
  EXPECT_LE(clock_.steady_now(), before + 100s);
}

TEST_F(FaultsTest, CountsWhatWentWrongWhileTheProcessLived) {
  faults_.set_rates({.before = 1});
  EXPECT_FALSE(insert(1).has_value());
  faults_.set_rates({.reply_lost = 1});
  EXPECT_FALSE(insert(1).has_value());
  faults_.set_rates({.crash = 1});
  EXPECT_FALSE(insert(2).has_value());
  EXPECT_FALSE(insert(3).has_value()) << "it is dead by now";
  EXPECT_EQ(faults_.counts(), (FaultCounts{.before = 1, .reply_lost = 1, .crash = 1}));
}

TEST_F(FaultsTest, ACrashIsForEverAndNothingAfterItIsDone) {
  faults_.set_rates({.crash = 1});
  EXPECT_FALSE(insert(1).has_value());
  faults_.set_rates({});
  EXPECT_TRUE(faults_.crashed());
  EXPECT_EQ(insert(2).error().code, Code::unavailable);
  EXPECT_FALSE(has(2));
}

TEST_F(FaultsTest, ACrashFallsBeforeOrAfterTheCallIsDone) {
  int done = 0;
  for (int seed = 1; seed <= 50; ++seed) {
    Faults faults(clock_, Rng(static_cast<std::uint64_t>(seed)), {.crash = 1});
    FaultyLedger ledger(fake_, faults);
    EXPECT_FALSE(ledger.insert(a_batch({a_task(seed)})).has_value());
    done += has(seed);
  }
  EXPECT_GT(done, 10);
  EXPECT_LT(done, 40);
}

TEST_F(FaultsTest, RatesAreKeptToRoughly) {
  faults_.set_rates({.before = 0.2, .reply_lost = 0.3});
  int failed = 0;
  int lost = 0;
  for (int i = 1; i <= 2000; ++i) {
    const auto answer = insert(i);
    failed += !answer && !has(i);
    lost += !answer && has(i);
  }
  EXPECT_NEAR(failed, 400, 80);
  EXPECT_NEAR(lost, 600, 80);
}

TEST_F(FaultsTest, TheSameSeedGivesTheSameFaults) {
  const auto outcomes = [&] {
    Faults faults(clock_, Rng(3), {.before = 0.3, .reply_lost = 0.3});
    std::string text;
    for (int i = 0; i < 64; ++i) {
      text += faults.around("x", [] { return Status(); }).has_value() ? '+' : '-';
    }
    return text;
  };
  const std::string first = outcomes();
  EXPECT_EQ(first, outcomes());
  EXPECT_NE(first.find('+'), std::string::npos);
  EXPECT_NE(first.find('-'), std::string::npos);
}

TEST_F(FaultsTest, EveryPortOfADeadProcessIsDead) {
  FakeQueue fake_queue(clock_);
  FakeObjectStore fake_bucket(clock_);
  FaultyQueue queue(fake_queue, faults_);
  FaultyObjectStore bucket(fake_bucket, faults_);
  FaultyRegistry registry(fake_, faults_);
  FaultyReader reader(fake_, faults_);
  faults_.crash();
  EXPECT_FALSE(queue.publish(std::vector<Message>{{.id = "m"}}).has_value());
  EXPECT_FALSE(bucket.put("k", "x").has_value());
  EXPECT_FALSE(registry.put_worker({.name = "w"}).has_value());
  EXPECT_FALSE(reader.counts().has_value());
  EXPECT_EQ(fake_queue.size(), 0u);
  EXPECT_EQ(fake_bucket.size(), 0u);
  EXPECT_TRUE(fake_.workers()->empty());
}

}  // namespace
}  // namespace waybill
