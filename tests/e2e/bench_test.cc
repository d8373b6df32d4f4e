#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

TEST(BenchTest, MeasuresWhatIsAskedForBesideItsFloor) {
  const Place place;
  const auto figures = place.json(
      "bench", {"bench", "--quick", "--only", "enqueue_1000", "--json-file", "figures.json"});
  ASSERT_EQ(figures.as_array().size(), 1u);
  const auto& figure = figures.as_array()[0].as_object();
  EXPECT_EQ(figure.at("name").as_string(), "enqueue_1000");
  EXPECT_GT(figure.at("value").to_number<double>(), 0);
  EXPECT_GT(figure.at("floor").to_number<double>(), 0);
  EXPECT_EQ(boost::json::parse(place.read("figures.json")), figures);
}

TEST(BenchTest, RefusesAFigureThatItDoesNotKnow) {
  const Place place;
  const Ran ran = place.run({"bench", "--only", "enqueue_1001"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, testing::HasSubstr("enqueue_1000"));
}

}  // namespace
}  // namespace waybill::e2e
