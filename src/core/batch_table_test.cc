#include "core/batch_table.h"

#include <gtest/gtest.h>

#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/uuid.h"

namespace waybill {
namespace {

constexpr Time kNoon = Time(std::chrono::hours(12));
constexpr Time kOne = Time(std::chrono::hours(13));
const std::string kUuid = "7df51646-b3a8-55d8-af8c-12ba188e8469";

std::vector<std::string> sorted_names(BatchTable& table, const std::vector<std::uint32_t>& rank) {
  table.sort(rank);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.size(); ++i) names.push_back(table.name(table[i]));
  return names;
}

TEST(BatchTable, KnowsABatchAgainByGroupTimeAndName) {
  BatchTable table;
  table.at(1, kNoon, kUuid).bits = 1;
  table.at(2, kNoon, kUuid).bits = 2;
  table.at(1, kOne, kUuid).bits = 4;
  table.at(1, kNoon, "other").bits = 8;
  EXPECT_EQ(table.at(1, kNoon, kUuid).bits, 1U);
  EXPECT_EQ(table.at(2, kNoon, kUuid).bits, 2U);
  EXPECT_EQ(table.at(1, kOne, kUuid).bits, 4U);
  EXPECT_EQ(table.at(1, kNoon, "other").bits, 8U);
  EXPECT_EQ(table.size(), 4U);
}

TEST(BatchTable, GivesBackEveryNameByteForByte) {
  const std::vector<std::string> names = {"",
                                          kUuid,
                                          "7DF51646-b3a8-55d8-af8c-12ba188e8469",
                                          "7df51646-b3a8-55d8-af8c-12ba188e846g",
                                          "7df51646-b3a8-55d8-af8c-12ba188e846",
                                          "7df51646-b3a8-55d8-af8c-12ba188e84690",
                                          "7df51646_b3a8-55d8-af8c-12ba188e8469",
                                          "7df5164-6b3a8-55d8-af8c-12ba188e8469",
                                          std::string("7df51646-b3a8-55d8-af8c-12ba188e\0469", 36),
                                          "------------------------------------",
                                          "00000000-0000-0000-0000-000000000000"};
  BatchTable table;
  for (const std::string& name : names) {
    EXPECT_EQ(table.name(table.at(0, kNoon, name)), name);
    EXPECT_EQ(table.name(table.at(0, kNoon, name)), name);
  }
  EXPECT_EQ(table.size(), names.size());
}

TEST(BatchTable, SortsUuidsAmongOtherNamesByTheirText) {
  BatchTable table;
  const std::vector<std::string> order = {"",
                                          "0a000000-0000-0000-0000-000000000000",
                                          "10000000-0000-0000-0000-000000000000",
                                          "7",
                                          kUuid,
                                          kUuid + "x",
                                          "7dz",
                                          "A0000000-0000-0000-0000-000000000000",
                                          "a0000000-0000-0000-0000-000000000000",
                                          "z"};
  for (auto name = order.rbegin(); name != order.rend(); ++name) table.at(0, kNoon, *name);
  EXPECT_EQ(sorted_names(table, {0}), order);
}

TEST(BatchTable, SortsByTheRankOfTheGroupThenByTime) {
  BatchTable table;
  table.at(0, kNoon, "last");
  table.at(1, kOne, "middle");
  table.at(1, kTimeMax, "no batch");
  table.at(1, kNoon, "first");
  EXPECT_EQ(sorted_names(table, {1, 0}),
            (std::vector<std::string>{"first", "middle", "no batch", "last"}));
  EXPECT_EQ(table.group(table[0]), 1U);
  EXPECT_EQ(table.time(table[1]), kOne);
  EXPECT_FALSE(table.is_batch(table[2]));
  EXPECT_TRUE(table.is_batch(table[3]));
}

TEST(BatchTable, FindsEachOfManyAgainAsItGrows) {
  constexpr std::uint32_t kMany = 20'000;
  BatchTable table;
  const auto at = [&](std::uint32_t i) -> BatchRecord& {
    const std::string digits = std::to_string(100'000 + i);
    const std::string name = i % 3 == 0 ? "b" + digits : "00000000-0000-0000-0000-000000" + digits;
    return table.at(i % 7, kNoon + std::chrono::minutes(i % 1501), name);
  };
  for (std::uint32_t i = 0; i < kMany; ++i) at(i).bits = i;
  for (std::uint32_t i = 0; i < kMany; ++i) ASSERT_EQ(at(i).bits, i);
  EXPECT_EQ(table.size(), kMany);
}

/// Processor time that so many batches of one minute take.
double seconds_for(const std::function<Uuid(std::uint64_t)>& id_of) {
  BatchTable table;
  const std::clock_t began = std::clock();
  for (std::uint64_t i = 0; i < 50'000; ++i) table.at(0, Time{}, to_string(id_of(i)));
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

TEST(BatchTable, TakesAsLongForIdsThatCountAsForRandomOnes) {
  Rng rng(1);
  const double random = seconds_for([&](std::uint64_t) {
    Uuid id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(rng.next());
    return id;
  });
  const double counted = seconds_for([](std::uint64_t i) {
    Uuid id;
    for (int byte = 0; byte < 8; ++byte)
      id.bytes[15 - byte] = static_cast<std::uint8_t>(i >> 8 * byte);
    return id;
  });
  EXPECT_LT(counted, 10 * random + 0.01)
      << random;  // one that falls together takes a thousand times
}

}  // namespace
}  // namespace waybill
