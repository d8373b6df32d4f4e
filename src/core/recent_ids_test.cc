#include "core/recent_ids.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

using std::chrono::hours;

Uuid id(int number) { return uuid_v5(kTaskNamespace, std::to_string(number)); }
constexpr Time at(int hour) { return Time(hours(hour)); }

TEST(RecentIdsTest, AnIdIsKeptForItsWindow) {
  RecentIds ids(hours(24), 10);
  ids.add(id(1), at(0));
  EXPECT_TRUE(ids.contains(id(1), at(23)));
  EXPECT_FALSE(ids.contains(id(1), at(24)));
  EXPECT_FALSE(ids.contains(id(2), at(0)));
}

TEST(RecentIdsTest, AnIdThatIsAddedAgainIsKeptFromThen) {
  RecentIds ids(hours(24), 10);
  ids.add(id(1), at(0));
  ids.add(id(1), at(20));
  ids.tidy(at(30));
  EXPECT_TRUE(ids.contains(id(1), at(43)));
  EXPECT_EQ(ids.size(), 1U);
}

TEST(RecentIdsTest, TheOldestGoFirstWhenThereAreTooMany) {
  RecentIds ids(hours(24), 3);
  for (int i = 1; i <= 5; ++i) ids.add(id(i), at(i));
  EXPECT_FALSE(ids.contains(id(2), at(5)));
  EXPECT_TRUE(ids.contains(id(3), at(5)));
  EXPECT_EQ(ids.size(), 3U);
}

TEST(RecentIdsTest, WhatIsOlderThanTheWindowIsLetGo) {
  RecentIds ids(hours(24), 10);
  ids.add(id(1), at(0));
  ids.add(id(2), at(10));
  ids.tidy(at(24));
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(ids.in_order().size(), 1U);
}

}  // namespace
}  // namespace waybill
