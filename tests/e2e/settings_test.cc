// Settings and definitions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

boost::json::value setting(const Place& place, const std::string& name,
                           std::vector<std::string> flags = {}) {
  flags.insert(flags.begin(), {"config", "show"});
  const auto shown = place.json("config show", flags);
  for (const auto& found : shown.at("settings").get_array()) {
    if (found.at("name") == boost::json::string(name)) return found;
  }
  ADD_FAILURE() << "there is no setting " << name;
  return nullptr;
}

TEST(SettingsTest, AFlagGoesBeforeTheEnvironmentBeforeTheFileBeforeTheDefault) {
  Place place;
  EXPECT_EQ(setting(place, "slots").at("origin"), "default");
  place.write("waybill.yaml", "slots: 5\n");
  EXPECT_EQ(setting(place, "slots").at("value"), "5");
  EXPECT_EQ(setting(place, "slots").at("source"), "waybill.yaml:1:8");
  place.environment["WAYBILL_SLOTS"] = "6";
  EXPECT_EQ(setting(place, "slots").at("value"), "6");
  EXPECT_EQ(setting(place, "slots").at("source"), "WAYBILL_SLOTS");
  EXPECT_EQ(setting(place, "slots", {"--slots", "7"}).at("value"), "7");
  EXPECT_EQ(setting(place, "slots", {"--slots", "7"}).at("source"), "--slots");
}

TEST(SettingsTest, UnknownKeysAreErrorsWithTheirPlace) {
  Place place;
  place.write("waybill.yaml", "slots: 5\nslot: 6\n");
  Ran ran = place.run({"config", "check"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("waybill.yaml:2:1: unknown setting \"slot\"; did you mean "
                                 "\"slots\"?"));
  place.write("waybill.yaml", "");
  place.environment["WAYBILL_SLOT"] = "6";
  ran = place.run({"config", "check"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("WAYBILL_SLOT: unknown setting"));
}

TEST(SettingsTest, AFileThatIsNamedHasToBeThere) {
  const Place place;
  const Ran ran = place.run({"config", "show", "--config", "gone.yaml"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("reading gone.yaml: No such file or directory"));
}

TEST(SettingsTest, EveryProblemOfTheDefinitionsIsListedWithItsPlace) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks:\n"
              "  verify:\n"
              "    comand: [./verify.sh]\n"
              "  sum:\n"
              "    kind: noop\n"
              "    timeout: 10 minutes\n");
  place.write("defs/b.yaml",
              "schedules:\n"
              "  nightly: {cron: 0 3 * * *, task: smu}\n"
              "  nightly: {cron: '@daily', task: sum}\n");
  const Ran ran = place.run({"config", "check", "--definitions", "defs"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("defs/a.yaml:3:5: unknown field \"comand\"; did you mean "
                                 "\"command\"?"));
  EXPECT_THAT(ran.err, HasSubstr("defs/a.yaml:6:14: "));
  const auto checked = place.json("config check", {"config", "check", "--definitions", "defs"}, 2);
  const auto& first = checked.at("problems").at(0);
  EXPECT_EQ(first.at("file"), "defs/a.yaml");
  EXPECT_EQ(first.at("line"), 3);
  EXPECT_EQ(first.at("column"), 5);
  EXPECT_THAT(ran.err, HasSubstr("defs/b.yaml:3:3: \"nightly\" is here twice; the first is on "
                                 "line 2"));
}

TEST(SettingsTest, WhatNoKindTakesIsAProblemWithItsPlace) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks:\n"
              "  sum:\n"
              "    kind: nop\n"
              "  show:\n"
              "    shell: env\n"
              "    environment: {WAYBILL_X: y}\n");
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"config", "check"}, {"up", "--until-idle"}}) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {"--definitions", "defs"});
    const Ran ran = place.run(words);
    EXPECT_EQ(ran.status, 2) << command[0];
    EXPECT_THAT(ran.err, HasSubstr("defs/a.yaml:3:11: there is no kind \"nop\"; did you mean"));
    EXPECT_THAT(ran.err, HasSubstr("defs/a.yaml:6:30: /environment/WAYBILL_X: names with "));
  }
  EXPECT_FALSE(place.exists("waybill-data"));
}

TEST(SettingsTest, ADirectoryOfDefinitionsHasToBeThere) {
  const Place place;
  for (const char* command : {"up", "worker"}) {
    const Ran ran = place.run({command, "--definitions", "gone"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("reading definitions in gone"));
  }
}

TEST(SettingsTest, OnlyFilesAreDefinitions) {
  const Place place;
  place.write("defs/a.yaml", "tasks: {sum: {kind: noop}}\n");
  place.write("defs/b.yaml/c.yaml", "no: definitions\n");
  ASSERT_EQ(::mkfifo(place.path("defs/d.yaml").c_str(), 0600), 0);
  // As editors lock a file, and what they keep beside it.
  std::filesystem::create_symlink("me@host.1234:5678", place.path("defs/.#a.yaml"));
  place.write("defs/.b.yaml", "no: definitions\n");
  std::filesystem::create_symlink("../elsewhere.yaml", place.path("defs/e.yaml"));
  const std::vector<std::string> check = {"config", "check", "--definitions", "defs"};
  const Ran dangling = place.run(check);
  EXPECT_EQ(dangling.status, 1);
  EXPECT_THAT(dangling.err, HasSubstr("reading defs/e.yaml: No such file or directory"));
  place.write("elsewhere.yaml", "tasks: {add: {kind: noop}}\n");
  EXPECT_EQ(place.json("config check", check).at("tasks"), 2);
}

TEST(SettingsTest, ADirectoryCannotHoldSettings) {
  const Place place;
  place.write("waybill.yaml/x", "");
  const Ran ran = place.run({"config", "show"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("reading waybill.yaml: it is a directory"));
}

TEST(SettingsTest, GoodDefinitionsAreCounted) {
  const Place place;
  place.write("defs/a.yaml", "tasks: {sum: {kind: noop}}\nqueues: {slow: {concurrency: 1}}\n");
  const auto checked = place.json("config check", {"config", "check", "--definitions", "defs"});
  EXPECT_EQ(checked.at("tasks"), 1);
  EXPECT_EQ(checked.at("queues"), 1);
}

TEST(SettingsTest, AScheduleGoesWithItsDefinitionHoweverTheDirectoryIsSpelled) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks: {sum: {kind: noop}}\n"
              "schedules: {nightly: {cron: '0 3 * * *', task: sum}}\n");
  EXPECT_EQ(place.run({"up", "--until-idle", "--definitions", "defs"}).status, 0);
  place.run({"schedule", "add", "own", "0 4 * * *", "--kind", "noop"});
  EXPECT_EQ(place.json("schedule list", {"schedule", "list"}).at("schedules").get_array().size(),
            2U);
  place.write("defs/a.yaml", "tasks: {sum: {kind: noop}}\n");
  const std::string spelled = place.directory() + "/./defs/";
  EXPECT_EQ(place.run({"up", "--until-idle", "--definitions", spelled}).status, 0);
  const auto left = place.json("schedule list", {"schedule", "list"}).at("schedules");
  ASSERT_EQ(left.get_array().size(), 1U);
  EXPECT_EQ(left.at(0).at("name"), "own");
}

TEST(SettingsTest, WhoReplacesAScheduleOfAFileIsToldSo) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks: {sum: {kind: noop}}\n"
              "schedules: {nightly: {cron: '0 3 * * *', task: sum}}\n");
  EXPECT_EQ(place.run({"up", "--until-idle", "--definitions", "defs"}).status, 0);
  const std::vector<std::string> add = {"schedule",  "add",    "nightly",
                                        "0 4 * * *", "--kind", "noop"};
  EXPECT_THAT(place.run(add).err, HasSubstr("defs/a.yaml: change it there too, or"));
  EXPECT_THAT(place.run(add).err, Not(HasSubstr("a.yaml")));
}

TEST(SettingsTest, AScheduleGoesWithItsDefinitionThoughTheFileIsALink) {
  const Place place;
  place.write("versions/1/a.yaml",
              "tasks: {sum: {kind: noop}}\n"
              "schedules: {nightly: {cron: '0 3 * * *', task: sum}}\n");
  place.write("versions/2/a.yaml", "tasks: {sum: {kind: noop}}\n");
  // As a volume of configuration is laid out that is replaced at once.
  place.write("defs/.keep", "");
  std::filesystem::create_symlink("versions/1", place.path("current"));
  std::filesystem::create_symlink("../current/a.yaml", place.path("defs/a.yaml"));
  EXPECT_EQ(place.run({"up", "--until-idle", "--definitions", "defs"}).status, 0);
  const auto before = place.json("schedule list", {"schedule", "list"}).at("schedules");
  ASSERT_EQ(before.get_array().size(), 1U);
  EXPECT_THAT(std::string(before.at(0).at("source").get_string()), HasSubstr("/defs/a.yaml"));
  std::filesystem::remove(place.path("current"));
  std::filesystem::create_symlink("versions/2", place.path("current"));
  EXPECT_EQ(place.run({"up", "--until-idle", "--definitions", "defs"}).status, 0);
  EXPECT_TRUE(
      place.json("schedule list", {"schedule", "list"}).at("schedules").get_array().empty());
}

TEST(SettingsTest, ATaskIsMadeFromItsDefinition) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks:\n"
              "  show:\n"
              "    shell: echo \"$WAYBILL_PARAMS\"\n"
              "    queue: intake\n"
              "    params: {required: [day], properties: {day: {type: integer}}}\n");
  const Ran refused =
      place.run({"task", "create", "show", "--param", "day=x", "--definitions", "defs"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("/day: has to be a whole number, not \"x\""));
  const std::string id = place.create({"show", "--param", "day=3", "--definitions", "defs"});
  EXPECT_EQ(place.run({"worker", "--until-idle", "--definitions", "defs"}).status, 0);
  EXPECT_THAT(place.run({"task", "logs", id}).out, HasSubstr("{\"day\":3}"));
  const Ran unknown = place.run({"task", "create", "shwo", "--definitions", "defs"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"show\"?"));
}

}  // namespace
}  // namespace waybill::e2e
