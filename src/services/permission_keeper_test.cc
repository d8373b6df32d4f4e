#include "services/permission_keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>
#include <vector>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class FakePermissions final : public RepositoryPermissions {
 public:
  Result<RepositoryRole> ask(const Question&, const Deadline&) override {
    ++asked;
    return answer;
  }
  Result<RepositoryRole> answer = RepositoryRole::write;
  int asked = 0;
};

class PermissionKeeperTest : public testing::Test {
 protected:
  Standing standing(std::optional<Duration> age_max = std::nullopt, std::string subject = "17") {
    return keeper_.standing({.repository = "acme/site",
                             .login = "ann",
                             .subject = std::move(subject),
                             .token = "t",
                             .age_max = age_max},
                            {});
  }

  SimClock clock_;
  FakePermissions github_;
  PermissionKeeper keeper_{github_, clock_};
};

TEST_F(PermissionKeeperTest, KeepsWhatIsEnoughForFiveMinutes) {
  const Time before = clock_.now();
  EXPECT_EQ(standing().role, RepositoryRole::write);
  clock_.advance(5min - 1s);
  EXPECT_EQ(standing().seen_at, before);
  EXPECT_EQ(github_.asked, 1);
  clock_.advance(1s);
  EXPECT_EQ(standing().seen_at, clock_.now());
  EXPECT_EQ(github_.asked, 2);
}

TEST_F(PermissionKeeperTest, KeepsWhatIsNotEnoughForOne) {
  github_.answer = RepositoryRole::read;
  standing();
  clock_.advance(59s);
  github_.answer = RepositoryRole::write;
  EXPECT_EQ(standing().role, RepositoryRole::read);
  clock_.advance(1s);
  EXPECT_EQ(standing().role, RepositoryRole::write);
}

TEST_F(PermissionKeeperTest, AsksAgainWhoeverWantsToKnowNow) {
  standing();
  clock_.advance(9s);
  standing(10s);
  EXPECT_EQ(github_.asked, 1);
  clock_.advance(1s);
  github_.answer = RepositoryRole::none;
  EXPECT_EQ(standing(10s).role, RepositoryRole::none);
  EXPECT_EQ(standing().role, RepositoryRole::none) << "what is newer counts for everybody";
}

TEST_F(PermissionKeeperTest, NeverMakesDoWithWhatIsTooOld) {
  standing();
  github_.answer = fail(Code::unavailable, "away");
  clock_.advance(10s);
  EXPECT_EQ(standing(10s).is, Standing::Is::unknown);
  EXPECT_EQ(standing().is, Standing::Is::known) << "it is young enough for this";
  clock_.advance(5min);
  EXPECT_EQ(standing().is, Standing::Is::unknown);
}

TEST_F(PermissionKeeperTest, LeavesAProviderAloneForAsLongAsItWants) {
  github_.answer = fail(Error{.code = Code::unavailable, .message = "limit", .retry_after = 30s});
  EXPECT_EQ(standing().problem, "limit");
  clock_.advance(29s);
  standing();
  EXPECT_EQ(github_.asked, 1);
  clock_.advance(1s);
  github_.answer = RepositoryRole::admin;
  EXPECT_EQ(standing().role, RepositoryRole::admin);
}

TEST_F(PermissionKeeperTest, AnAskerWhoseTimeIsUpIsNoFailureOfTheProvider) {
  github_.answer = fail(Code::deadline_exceeded, "no answer in time");
  EXPECT_EQ(standing().is, Standing::Is::unknown);
  EXPECT_EQ(standing().is, Standing::Is::unknown);
  EXPECT_EQ(github_.asked, 1);
  const PermissionKeeper::Question other{
      .repository = "acme/other", .login = "ann", .subject = "17", .token = "t"};
  EXPECT_EQ(keeper_.standing(other, {.at = clock_.steady_now()}).is, Standing::Is::unknown);
  EXPECT_EQ(github_.asked, 2);
  github_.answer = RepositoryRole::write;
  EXPECT_EQ(keeper_.standing(other, {}).is, Standing::Is::known);
}

TEST_F(PermissionKeeperTest, TellsPeopleApart) {
  standing();
  github_.answer = RepositoryRole::none;
  EXPECT_EQ(standing(std::nullopt, "18").role, RepositoryRole::none);
  EXPECT_EQ(standing().role, RepositoryRole::write);
}

/// Counts the questions that have begun.
class CountingClock final : public Clock {
 public:
  explicit CountingClock(SimClock& inner) : inner_(inner) {}
  Time now() const override { return inner_.now(); }
  SteadyTime steady_now() const override {
    ++asked_;
    asked_.notify_all();
    return inner_.steady_now();
  }
  void wait_until(SteadyTime until, std::stop_token stop) override {
    inner_.wait_until(until, std::move(stop));
  }
  void wait_for(int asked) const {
    for (int seen = asked_; seen < asked; seen = asked_) asked_.wait(seen);
  }
  int asked() const { return asked_; }

 private:
  SimClock& inner_;
  mutable std::atomic<int> asked_ = 0;
};

/// Answers once enough have begun to wait for the same.
class SlowPermissions final : public RepositoryPermissions {
 public:
  explicit SlowPermissions(const CountingClock& clock) : clock_(clock) {}
  Result<RepositoryRole> ask(const Question&, const Deadline&) override {
    clock_.wait_for(until);
    std::this_thread::yield();
    return RepositoryRole::write;
  }
  std::atomic<int> until = 0;

 private:
  const CountingClock& clock_;
};

TEST(PermissionKeeperRace, WhoWaitsIsToldEvenIfThePlaceIsAnothersByThen) {
  constexpr int kWaiters = 4;
  SimClock sim(OnWait::blocks);
  CountingClock clock(sim);
  SlowPermissions github(clock);
  PermissionKeeper keeper(github, clock, {.answers_max = 1});
  const auto standing = [&](const char* subject) {
    return keeper.standing({.repository = "acme/site", .login = "x", .subject = subject}, {});
  };
  standing("17");
  for (int round = 0; round < 200; ++round) {
    sim.advance(1h);
    github.until = clock.asked() + kWaiters;
    std::vector<std::jthread> waiters;
    std::atomic<int> untold = 0;
    for (int i = 0; i < kWaiters; ++i) {
      waiters.emplace_back([&] {
        if (standing("17").is != Standing::Is::known) ++untold;
        // The place is given away before the others have woken up.
        if (standing("18").is != Standing::Is::known) ++untold;
      });
    }
    waiters.clear();
    ASSERT_EQ(untold, 0) << "in round " << round;
    standing("17");
  }
}

/// Answers when it is let.
class HeldPermissions final : public RepositoryPermissions {
 public:
  Result<RepositoryRole> ask(const Question&, const Deadline&) override {
    begun.release();
    let.acquire();
    return RepositoryRole::write;
  }
  std::binary_semaphore begun{0};
  std::binary_semaphore let{0};
};

TEST(PermissionKeeperRace, WhoWaitsForAnothersQuestionWaitsNoLongerThanTheirDeadline) {
  SimClock clock(OnWait::blocks);
  HeldPermissions github;
  PermissionKeeper keeper(github, clock);
  const PermissionKeeper::Question question{
      .repository = "acme/site", .login = "ann", .subject = "17", .token = "t"};
  Standing first;
  std::jthread asks([&] { first = keeper.standing(question, {}); });
  github.begun.acquire();
  Standing second;
  std::jthread waits([&] { second = keeper.standing(question, {.at = clock.steady_now() + 5s}); });
  clock.await_waiters(1);
  clock.advance(5s);
  waits.join();
  EXPECT_EQ(second.is, Standing::Is::unknown);
  EXPECT_NE(second.problem.find("in time"), std::string::npos) << second.problem;
  github.let.release();
  asks.join();
  EXPECT_EQ(first.role, RepositoryRole::write);
}

}  // namespace
}  // namespace waybill
