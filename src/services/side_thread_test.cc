#include "services/side_thread.h"

#include <gtest/gtest.h>

#include <thread>

namespace waybill {
namespace {

TEST(SideThreadTest, MakesCallsOnAnotherThreadUntilTheyHaveEnded) {
  SideThread side;
  std::thread::id last;
  for (int call = 1; call <= 100; ++call) {
    int made = 0;
    side.begin([&] {
      last = std::this_thread::get_id();
      made = call;
    });
    side.wait();
    EXPECT_EQ(made, call);
  }
  EXPECT_NE(last, std::this_thread::get_id());
}

TEST(SideThreadTest, WaitsForNothingWhereNothingBegan) { SideThread().wait(); }

TEST(SideThreadTest, ItsEndWaitsForTheCallThatIsUnderWay) {
  bool ended = false;
  {
    SideThread side;
    side.begin([&] { ended = true; });
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace waybill
