#include "bench/report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace waybill::bench {
namespace {

TEST(Report, TheMedianOfAnEvenNumberIsBetweenTheMiddleOnes) {
  EXPECT_DOUBLE_EQ(median({9, 1, 3, 5}), 4);
  EXPECT_DOUBLE_EQ(median({9, 1, 3}), 3);
}

TEST(Report, TheJsonHoldsEveryFieldOfEveryMeasurement) {
  const std::vector<Measurement> measurements = {
      {.name = "a", .unit = "tasks/s", .samples = {10, 30, 20}, .floor = {40}, .peer = "bare"},
      {.name = "b", .unit = "s", .samples = {1.5}}};
  const auto list = boost::json::parse(to_json(measurements)).as_array();
  ASSERT_EQ(list.size(), 2u);
  const auto& first = list[0].as_object();
  EXPECT_EQ(first.at("name").as_string(), "a");
  EXPECT_DOUBLE_EQ(first.at("value").as_double(), 20);
  EXPECT_DOUBLE_EQ(first.at("min").as_double(), 10);
  EXPECT_DOUBLE_EQ(first.at("max").as_double(), 30);
  EXPECT_DOUBLE_EQ(first.at("ratio").as_double(), 0.5);
  EXPECT_EQ(first.at("n").to_number<int>(), 3);
  EXPECT_TRUE(list[1].as_object().at("floor").is_null());
  EXPECT_TRUE(list[1].as_object().at("peer").is_null());
}

}  // namespace
}  // namespace waybill::bench
