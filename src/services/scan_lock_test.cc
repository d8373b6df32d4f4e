#include "services/scan_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "testing/fake_object_store.h"
#include "testing/forwarding_bucket.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Outcome = ScanLock::Outcome;

/// A bucket that can be told to refuse writes, or removals alone, and counts what is read.
class MoodyBucket final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;

  Result<std::string> get(const std::string& key) override {
    ++gets_;
    if (hides_) return fail(Code::not_found, "nothing to be seen");
    return inner_.get(key);
  }
  Status put(const std::string& key, std::string_view body) override {
    if (refuses_) return fail(Code::unavailable, "not now");
    return inner_.put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    if (refuses_) return fail(Code::unavailable, "not now");
    return inner_.put_if_absent(key, body);
  }
  Status remove(const std::string& key) override {
    if (keeps_) return fail(Code::permission_denied, "not yours to remove");
    return inner_.remove(key);
  }

  void refuse() { refuses_ = true; }
  void keep_all() { keeps_ = true; }
  void hide() { hides_ = true; }
  int gets() const { return gets_; }

 private:
  std::atomic<bool> refuses_{false};
  std::atomic<bool> keeps_{false};
  std::atomic<bool> hides_{false};
  std::atomic<int> gets_{0};
};

class ScanLockTest : public testing::Test {
 protected:
  std::unique_ptr<ScanLock> lock_of(const std::string& name, ObjectStore* bucket = nullptr) {
    return std::make_unique<ScanLock>(
        bucket == nullptr ? bucket_ : *bucket, clock_,
        ScanLockParams{.holder = name, .token = name, .is_gone = [this](const std::string& holder) {
                         return holder == gone_;
                       }});
  }
  Result<Outcome> acquire(ScanLock& lock) { return lock.acquire({}); }
  /// acquire() of a lock that nobody is in the way of; no time passes, so that a wait would never
  /// end.
  testing::AssertionResult acquired_at_once(ScanLock& lock) {
    const auto outcome = lock.acquire({});
    if (!outcome) return testing::AssertionFailure() << outcome.error().message;
    if (*outcome == Outcome::acquired) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "somebody else holds it";
  }
  /// acquire() while time passes, beside this many locks that are held.
  Outcome acquire_in_time(ScanLock& lock, int held = 0) {
    std::atomic<bool> done{false};
    std::jthread time([&] {
      while (!done) {
        clock_.advance_if_idle(100ms, 1 + held);
        std::this_thread::yield();
      }
    });
    const auto outcome = lock.acquire({});
    done = true;
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(Outcome::held);
  }
  /// A lock of somebody who died: nobody renews it.
  void leave(const std::string& key, const std::string& name) {
    ASSERT_TRUE(bucket_.put(key, R"({"holder":")" + name + R"(","token":")" + name + R"("})"));
  }
  bool is_there(const std::string& key) { return bucket_.get(key).has_value(); }

  SimClock clock_{OnWait::blocks};
  FakeObjectStore bucket_{clock_};
  std::string gone_ = "nobody";
};

TEST_F(ScanLockTest, IsOneObjectWhileItIsHeldAndNoneAfterwards) {
  const auto lock = lock_of("a");
  EXPECT_FALSE(lock->is_held());
  ASSERT_TRUE(acquired_at_once(*lock));
  EXPECT_TRUE(lock->is_held());
  EXPECT_THAT(*bucket_.get(ScanLock::kKey), HasSubstr("\"holder\":\"a\""));
  lock->release();
  EXPECT_FALSE(lock->is_held());
  EXPECT_EQ(bucket_.size(), 0u);
}

TEST_F(ScanLockTest, StaysWithTheHolderThatRenewsIt) {
  const auto first = lock_of("a");
  ASSERT_TRUE(acquired_at_once(*first));
  const auto second = lock_of("b");
  EXPECT_EQ(acquire_in_time(*second, 1), Outcome::held);
  EXPECT_EQ(second->rival(), "a");
  EXPECT_FALSE(second->is_held());
  EXPECT_TRUE(first->is_held());
}

TEST_F(ScanLockTest, IsHadByTheNextOneWhenItIsReleased) {
  {
    const auto first = lock_of("a");
    ASSERT_TRUE(acquired_at_once(*first));
  }
  const auto second = lock_of("b");
  EXPECT_TRUE(acquired_at_once(*second));
}

TEST_F(ScanLockTest, IsTakenOverWhenNobodyRenewsItForALease) {
  leave(ScanLock::kKey, "dead");
  const SteadyTime began = clock_.steady_now();
  const auto lock = lock_of("b");
  EXPECT_EQ(acquire_in_time(*lock), Outcome::acquired);
  EXPECT_GE(clock_.steady_now() - began, 30s);
  EXPECT_TRUE(is_there("task-markers/scan-lock-dead"));
  lock->release();
  EXPECT_EQ(bucket_.size(), 0u);
}

TEST_F(ScanLockTest, IsTakenOverAtOnceWhenItsHolderIsSurelyGone) {
  leave(ScanLock::kKey, "dead");
  gone_ = "dead";
  const auto lock = lock_of("b");
  EXPECT_TRUE(acquired_at_once(*lock));
}

TEST_F(ScanLockTest, IsTakenOverByWhomeverFollowsTheLastOfTheChain) {
  leave(ScanLock::kKey, "dead");
  leave("task-markers/scan-lock-dead", "dead-too");
  const auto lock = lock_of("b");
  EXPECT_EQ(acquire_in_time(*lock), Outcome::acquired);
  EXPECT_EQ(lock->rival(), "dead-too");
  EXPECT_TRUE(is_there("task-markers/scan-lock-dead-too"));
  lock->release();
  EXPECT_EQ(bucket_.size(), 0u);
}

TEST_F(ScanLockTest, IsTakenOverByOneOfManyRivals) {
  leave(ScanLock::kKey, "dead");
  gone_ = "dead";
  std::vector<std::unique_ptr<ScanLock>> locks;
  for (int i = 0; i < 4; ++i) locks.push_back(lock_of("rival-" + std::to_string(i)));
  std::atomic<int> acquired{0};
  std::atomic<int> finished{0};
  {
    std::vector<std::jthread> threads;
    for (auto& lock : locks) {
      threads.emplace_back([&] {
        acquired += lock->acquire({}) == Outcome::acquired ? 1 : 0;
        ++finished;
      });
    }
    threads.emplace_back([&] {
      while (finished < 4) {
        clock_.advance_if_idle(100ms, 4 - finished + acquired);
        std::this_thread::yield();
      }
    });
  }
  EXPECT_EQ(acquired, 1);
}

TEST_F(ScanLockTest, FollowsWhateverLiesInItsPlace) {
  ASSERT_TRUE(bucket_.put(ScanLock::kKey, "no JSON"));
  const auto lock = lock_of("b");
  EXPECT_EQ(acquire_in_time(*lock), Outcome::acquired);
  EXPECT_EQ(lock->rival(), "an unknown holder");
}

TEST_F(ScanLockTest, FollowsAnEmptyObjectInItsPlace) {
  ASSERT_TRUE(bucket_.put(ScanLock::kKey, ""));
  const auto lock = lock_of("b");
  EXPECT_EQ(acquire_in_time(*lock), Outcome::acquired);
}

TEST_F(ScanLockTest, IsGivenUpWhereItIsThereAndCannotBeRead) {
  MoodyBucket moody(bucket_);
  moody.hide();
  leave(ScanLock::kKey, "hidden");
  const auto lock = lock_of("b", &moody);
  std::atomic<bool> done{false};
  std::jthread time([&] {
    while (!done) {
      clock_.advance_if_idle(100ms, 1);
      std::this_thread::yield();
    }
  });
  const auto outcome = lock->acquire({});
  done = true;
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::unavailable);
}

TEST_F(ScanLockTest, IsLostWhenSomebodyTakesItAway) {
  for (const bool replaced : {false, true}) {
    const auto lock = lock_of("a");
    ASSERT_TRUE(acquired_at_once(*lock));
    ASSERT_TRUE(bucket_.remove(ScanLock::kKey));
    if (replaced) leave(ScanLock::kKey, "rival");
    const std::string before = bucket_.get(ScanLock::kKey).value_or("none");
    clock_.await_waiters(1);
    clock_.advance(5s);
    while (lock->is_held()) std::this_thread::yield();
    lock->release();
    EXPECT_EQ(bucket_.get(ScanLock::kKey).value_or("none"), before) << "it is not ours";
    if (replaced) ASSERT_TRUE(bucket_.remove(ScanLock::kKey));
  }
}

TEST_F(ScanLockTest, IsKnownToBeLostBeforeARivalCanHaveIt) {
  MoodyBucket moody(bucket_);
  const auto lock = lock_of("a", &moody);
  ASSERT_TRUE(acquired_at_once(*lock));
  moody.refuse();
  clock_.advance(19s);
  EXPECT_TRUE(lock->is_held());
  clock_.advance(1s);
  EXPECT_FALSE(lock->is_held());
  lock->release();
  EXPECT_TRUE(is_there(ScanLock::kKey)) << "it may be another's by now";
}

TEST_F(ScanLockTest, IsRefusedByABucketThatCannotBeWritten) {
  MoodyBucket moody(bucket_);
  moody.refuse();
  const auto lock = lock_of("a", &moody);
  const auto outcome = acquire(*lock);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("taking the scan lock"));
}

TEST_F(ScanLockTest, IsNoLongerWaitedForWhenAskedToStop) {
  leave(ScanLock::kKey, "dead");
  const auto lock = lock_of("b");
  std::stop_source stop;
  std::jthread stopper([&] {
    clock_.await_waiters(1);
    stop.request_stop();
  });
  const auto outcome = lock->acquire(stop.get_token());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::cancelled);
}

/// A bucket from which nothing may be removed, as the original's Terraform makes it.
class KeptScanLockTest : public ScanLockTest {
 protected:
  KeptScanLockTest() { kept_.keep_all(); }
  /// Has the lock for a moment.
  void pass(const std::string& name) {
    const auto lock = lock_of(name, &kept_);
    ASSERT_TRUE(acquired_at_once(*lock)) << name;
    EXPECT_TRUE(lock->is_held());
  }

  MoodyBucket kept_{bucket_};
};

TEST_F(KeptScanLockTest, IsHadAtOnceByOneAfterTheOtherAndReadInFewSteps) {
  for (int i = 0; i < 20; ++i) {
    const int before = kept_.gets();
    pass("scanner-" + std::to_string(i));
    EXPECT_LE(kept_.gets() - before, 9) << i;
  }
}

TEST_F(KeptScanLockTest, IsWaitedForWhenItsHolderDiedAfterOthersThatDidNot) {
  pass("a");
  pass("b");
  leave("task-markers/scan-lock-b", "dead");
  const SteadyTime began = clock_.steady_now();
  const auto lock = lock_of("c", &kept_);
  EXPECT_EQ(acquire_in_time(*lock), Outcome::acquired);
  EXPECT_EQ(lock->rival(), "dead");
  EXPECT_GE(clock_.steady_now() - began, 30s);
  lock->release();
  pass("d");
}

TEST_F(KeptScanLockTest, StaysWithItsHolderWhoeverCameBefore) {
  pass("a");
  pass("b");
  const auto first = lock_of("c", &kept_);
  ASSERT_TRUE(acquired_at_once(*first));
  const auto second = lock_of("d", &kept_);
  EXPECT_EQ(acquire_in_time(*second, 1), Outcome::held);
  EXPECT_EQ(second->rival(), "c");
}

TEST_F(KeptScanLockTest, GoesToOneOfTwoThatComeAtOnce) {
  pass("a");
  std::vector<std::unique_ptr<ScanLock>> locks;
  for (const char* name : {"b", "c"}) locks.push_back(lock_of(name, &kept_));
  std::atomic<int> acquired{0};
  std::atomic<int> finished{0};
  {
    std::vector<std::jthread> threads;
    for (auto& lock : locks) {
      threads.emplace_back([&] {
        acquired += lock->acquire({}) == Outcome::acquired ? 1 : 0;
        ++finished;
      });
    }
    threads.emplace_back([&] {
      while (finished < 2) {
        clock_.advance_if_idle(100ms, 2 - finished + acquired);
        std::this_thread::yield();
      }
    });
  }
  EXPECT_EQ(acquired, 1);
}

TEST_F(KeptScanLockTest, IsFoundAgainWhenTheBucketsLifecycleTookTheLatestAway) {
  pass("a");
  pass("b");
  pass("c");
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(bucket_.remove(std::string("task-markers/scan-lock-") + name));
  }
  const auto lock = lock_of("d", &kept_);
  EXPECT_EQ(acquire_in_time(*lock), Outcome::acquired);
  lock->release();
  pass("e");
}

TEST_F(KeptScanLockTest, IsClearedAwayByOneThatMay) {
  pass("a");
  pass("b");
  {
    const auto lock = lock_of("c");
    ASSERT_TRUE(acquired_at_once(*lock));
  }
  EXPECT_FALSE(is_there(ScanLock::kKey));
  pass("d");
}

TEST_F(ScanLockTest, WorksAsWellAsItCanWithoutConditionalPuts) {
  FakeObjectStore plain(clock_, {.conditional_put = false});
  const auto first = lock_of("a", &plain);
  ASSERT_TRUE(acquired_at_once(*first));
  const auto second = lock_of("b", &plain);
  EXPECT_EQ(acquire_in_time(*second, 1), Outcome::held);
}

}  // namespace
}  // namespace waybill
