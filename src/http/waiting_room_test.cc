#include "http/waiting_room.h"

#include <gtest/gtest.h>

#include "testing/threaded_clock.h"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;

class WaitingRoomTest : public ::testing::Test {
 protected:
  WaitingRoom::Job job() {
    return [this] {
      const Lock lock(mutex_);
      ++done_;
      changed_.notify_all();
    };
  }
  Later later(std::vector<std::string> topics, Duration wait = 1h) {
    return {.until = clock_.steady_now() + wait, .topics = std::move(topics)};
  }
  int done() {
    const Lock lock(mutex_);
    return done_;
  }
  /// The room's own thread does what falls due.
  void wait_until_done(int count) {
    Lock lock(mutex_);
    while (done_ < count) changed_.wait(lock);
  }

  ThreadedClock clock_;
  Mutex mutex_;
  Condition changed_;
  int done_ = 0;
  WaitingRoom room_{clock_, [](WaitingRoom::Job go) { go(); }};
};

TEST_F(WaitingRoomTest, HandsOnWhoWaitsForTheTopicThatRings) {
  room_.wait(later({"a"}), room_.moment(), job());
  room_.wait(later({"b", "a"}), room_.moment(), job());
  room_.wait(later({"b"}), room_.moment(), job());
  room_.wait(later({}), room_.moment(), job());
  EXPECT_EQ(done(), 0);
  room_.ring("a");
  EXPECT_EQ(done(), 3);
  EXPECT_EQ(room_.size(), 1u);
  room_.ring("c");
  EXPECT_EQ(done(), 3);
}

TEST_F(WaitingRoomTest, IsPassedOverOnlyWhileNobodyWaitsAndThenNobodyMissesAnything) {
  const std::uint64_t before = room_.moment();
  EXPECT_TRUE(room_.pass_over());
  room_.wait(later({"a"}), before, job());
  EXPECT_EQ(done(), 1) << "who looked before may have missed what was passed over";
  room_.wait(later({"a"}), room_.moment(), job());
  EXPECT_EQ(done(), 1);
  EXPECT_FALSE(room_.pass_over());
  EXPECT_EQ(room_.size(), 1u);
}

TEST_F(WaitingRoomTest, WhoeverComesAgainLooksOnceHoweverMuchRingsForOthers) {
  int looks = 0;
  for (int event = 0; event < 100; ++event) {
    const std::uint64_t seen = room_.moment();
    ++looks;
    // It happens between its look and its wait.
    if (!room_.pass_over()) room_.ring("a");
    room_.wait(later({"b"}), seen, job());
    if (room_.size() > 0) break;
  }
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(room_.size(), 1u);
  room_.ring("b");
  EXPECT_FALSE(room_.pass_over()) << "it may be looking";
  clock_.advance(2s);
  EXPECT_TRUE(room_.pass_over());
}

TEST_F(WaitingRoomTest, MissesNoRingBetweenLookingAndWaiting) {
  const std::uint64_t seen = room_.moment();
  room_.ring("a");
  room_.wait(later({"b"}), seen, job());
  EXPECT_EQ(done(), 0) << "another topic rang";
  room_.wait(later({"a"}), seen, job());
  EXPECT_EQ(done(), 1);
  room_.wait(later({"a"}), room_.moment(), job());
  EXPECT_EQ(done(), 1) << "that was before it looked";
}

TEST_F(WaitingRoomTest, HandsOnWhoseTimeHasCome) {
  room_.wait(later({"a"}, 10s), room_.moment(), job());
  room_.wait(later({"a"}, 5s), room_.moment(), job());
  clock_.advance(5s);
  wait_until_done(1);
  clock_.advance(5s);
  wait_until_done(2);
  EXPECT_EQ(room_.size(), 0u);
}

TEST_F(WaitingRoomTest, OpensForAllWhoWaitAndAllWhoCome) {
  room_.wait(later({"a"}), room_.moment(), job());
  room_.open();
  EXPECT_EQ(done(), 1);
  room_.wait(later({"a"}), room_.moment(), job());
  EXPECT_EQ(done(), 2);
}

}  // namespace
}  // namespace waybill::http
