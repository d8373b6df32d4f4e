// The examples that the documents show do what they say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

TEST(ExamplesTest, ACommandGoesOnWhereItsLastAttemptWasCutOff) {
  const std::string definitions =
      (std::filesystem::current_path() / "examples/count/definitions").string();
  const Place place;
  const std::string id = place.create(
      {"count", "--definitions", definitions, "--param", "until=5", "--param", "stumble_at=3"});
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const auto task = place.json("task show", {"task", "show", id});
  EXPECT_EQ(task.at("state"), "succeeded");
  EXPECT_EQ(task.at("failures"), 1);
  EXPECT_EQ(task.at("result"), (boost::json::object{{"counted", 5}}));
  EXPECT_EQ(task.at("progress"), (boost::json::object{{"done", 5}, {"of", 5}}));
  EXPECT_EQ(task.at("checkpoint"), (boost::json::object{{"done", 5}}));
  EXPECT_THAT(place.run({"task", "logs", id}).out, HasSubstr("attempt 2 begins at 4\n"));
}

}  // namespace
}  // namespace waybill::e2e
