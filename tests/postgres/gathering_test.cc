#include "adapters/postgres/gathering.h"

#include <gtest/gtest.h>

namespace waybill::postgres {
namespace {

constexpr Duration kTook = std::chrono::milliseconds(1);

/// A transaction of so many of which nobody waits meanwhile.
void carry_out(Gathering& gathering, std::size_t callers) {
  gathering.note_begin(callers);
  gathering.note_end(callers, 0, kTook);
}

TEST(Gathering, ASingleCallerNeverWaits) {
  Gathering gathering;
  EXPECT_EQ(gathering.begin(1), Duration(0));
  carry_out(gathering, 1);
  EXPECT_EQ(gathering.begin(1), Duration(0));
}

TEST(Gathering, TheFirstWaitsForHalfOfAllAsLongAsTheirTransactionTook) {
  Gathering gathering;
  gathering.note_begin(5);
  gathering.note_end(5, 2, kTook);
  EXPECT_EQ(gathering.begin(2), kTook);
  gathering.note_come(3);
  gathering.note_come(4);
  gathering.wait(std::chrono::hours(1));  // ends at once: as many are there
  gathering.end(4);
  EXPECT_EQ(gathering.begin(4), Duration(0));
}

TEST(Gathering, ALongTransactionIsNoReasonForALongWait) {
  Gathering gathering;
  gathering.note_begin(4);
  gathering.note_end(4, 0, std::chrono::seconds(5));
  EXPECT_EQ(gathering.begin(1), std::chrono::milliseconds(2));
}

TEST(Gathering, CallersThatDoNotComeBackAreNotWaitedForEachTime) {
  Gathering gathering;
  carry_out(gathering, 8);
  EXPECT_GT(gathering.begin(1), Duration(0));
  gathering.wait(Duration(1));
  gathering.end(1);
  carry_out(gathering, 8);
  EXPECT_EQ(gathering.begin(1), Duration(0));
}

TEST(Gathering, OneThatWaitsIsEnough) {
  Gathering gathering;
  carry_out(gathering, 8);
  EXPECT_GT(gathering.begin(1), Duration(0));
  EXPECT_EQ(gathering.begin(1), Duration(0));
  gathering.note_come(4);
  EXPECT_EQ(gathering.begin(1), Duration(0)) << "the first has not seen yet that all are there";
  gathering.wait(std::chrono::hours(1));
  gathering.end(4);
  EXPECT_GT(gathering.begin(1), Duration(0));
}

TEST(Gathering, TransactionsAtATimeCountTogether) {
  Gathering gathering;
  gathering.note_begin(3);
  gathering.note_begin(2);
  gathering.note_end(3, 1, kTook);
  EXPECT_EQ(gathering.half(), 3u);
}

}  // namespace
}  // namespace waybill::postgres
