// What --help says of settings and figures.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(HelpTest, UpAndWorkerListAllSettingsWithRangeAndDefault) {
  const Place place;
  for (const std::string command : {"up", "worker"}) {
    const std::string help = place.run({command, "--help"}).out;
    const auto shown = place.json("config show", {"config", "show"});
    for (const auto& setting : shown.at("settings").as_array()) {
      std::string flag = "--" + std::string(setting.at("name").as_string());
      for (char& c : flag) c = c == '_' ? '-' : c;
      EXPECT_THAT(help, HasSubstr(flag + " "));
      EXPECT_THAT(help, HasSubstr(std::string(setting.at("help").as_string())));
    }
    EXPECT_THAT(help, HasSubstr("Tasks that the worker runs at a time. 1..1024; default 4\n"));
  }
  EXPECT_THAT(place.run({"task", "list", "--help"}).out, Not(HasSubstr("--slots")));
}

TEST(HelpTest, ConfigShowSaysWhatASettingTakes) {
  const Place place;
  EXPECT_THAT(
      place.run({"config", "show", "--slots", "8"}).out,
      ContainsRegex("\nslots +8 +--slots +1\\.\\.1024 +Tasks that the worker runs at a time\\.\n"));
}

TEST(HelpTest, BenchListsItsFigures) {
  const Place place;
  EXPECT_THAT(place.run({"bench", "--help"}).out, HasSubstr("Figures: enqueue_1000, "));
  EXPECT_THAT(place.run({"bench", "--only", "speed"}).err, HasSubstr("life_noop, "));
}

}  // namespace
}  // namespace waybill::e2e
