// --dry-run says what would be done, and does nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

/// All that a command could have changed.
std::string everything(const Place& place) {
  std::string text;
  for (const std::vector<std::string>& look : std::vector<std::vector<std::string>>{
           {"db", "export"}, {"queue", "list", "--json"}, {"schedule", "list", "--json"}}) {
    const Ran ran = place.run(look);
    EXPECT_EQ(ran.status, 0) << ran.err;
    text += ran.out;
  }
  return text;
}

TEST(DryRunTest, WhatWouldChangeTasksLeavesThem) {
  const Place place;
  const std::string ready = place.create({"--kind", "noop"});
  const std::string ended = place.create({"--kind", "noop"});
  place.run({"task", "cancel", ended});
  const std::string before = everything(place);
  const auto cancelled = place.json("task cancel", {"task", "cancel", ready, "--dry-run"});
  EXPECT_EQ(cancelled.at("dry_run"), true);
  EXPECT_EQ(cancelled.at("tasks").at(0).at("state"), "cancelled");
  EXPECT_THAT(place.run({"task", "retry", ended, "--dry-run"}).out, HasSubstr("would be ready"));
  EXPECT_EQ(place.run({"task", "retry", ready, "--dry-run"}).status, 1) << "as without it";
  EXPECT_EQ(everything(place), before);
}

TEST(DryRunTest, WhatWouldChangeQueuesAndSchedulesLeavesThem) {
  const Place place;
  for (const char* queue : {"paused", "other"}) {
    place.create({"--kind", "noop", "--queue", queue});
  }
  place.run({"queue", "pause", "paused"});
  place.run({"schedule", "add", "old", "@daily", "--", "true"});
  const std::string before = everything(place);
  EXPECT_EQ(place.json("queue pause", {"queue", "pause", "other", "--dry-run"}).at("paused"), true);
  EXPECT_THAT(place.run({"queue", "resume", "paused", "--dry-run"}).err, HasSubstr("would go on"));
  EXPECT_THAT(place.run({"schedule", "add", "new", "@daily", "--dry-run", "--", "true"}).err,
              HasSubstr("would fire next at"));
  EXPECT_EQ(place.json("schedule remove", {"schedule", "remove", "old", "--dry-run"}).at("dry_run"),
            true);
  EXPECT_EQ(place.json("schedule pause", {"schedule", "pause", "old", "--dry-run"}).at("paused"),
            true);
  EXPECT_EQ(place.json("schedule resume", {"schedule", "resume", "old", "--dry-run"}).at("dry_run"),
            true);
  EXPECT_EQ(place.json("schedule run", {"schedule", "run", "old", "--dry-run"}).at("created"),
            false);
  EXPECT_EQ(place.run({"schedule", "remove", "none", "--dry-run"}).status, 1);
  EXPECT_EQ(everything(place), before);
}

TEST(DryRunTest, ABackupAndAMigrationOnlySayWhatTheyWouldDo) {
  const Place place;
  EXPECT_EQ(place.run({"db", "migrate", "--dry-run"}).status, 1) << "there is no ledger";
  EXPECT_FALSE(place.exists("waybill-data"));
  place.create({"--kind", "noop"});
  EXPECT_THAT(place.run({"db", "backup", "copy.db", "--dry-run"}).err,
              HasSubstr("ledger.db with 1 task would be copied to copy.db"));
  EXPECT_FALSE(place.exists("copy.db"));
  place.json("db backup", {"db", "backup", "copy.db"});
  EXPECT_EQ(place.run({"db", "backup", "copy.db", "--dry-run"}).status, 1) << "as without it";
  const auto migration = place.json("db migrate", {"db", "migrate", "--dry-run"});
  EXPECT_EQ(migration.at("dry_run"), true);
  EXPECT_EQ(migration.at("from"), migration.at("to"));
}

TEST(DryRunTest, ADefinedScheduleIsWarnedOfAsWithoutIt) {
  const Place place;
  place.write("defs/s.yaml",
              "tasks:\n  t:\n    kind: noop\nschedules:\n  s:\n    cron: '@daily'\n    task: t\n");
  ASSERT_EQ(place.run({"up", "--until-idle", "--definitions", "defs"}).status, 0);
  const std::vector<std::string> add = {"schedule", "add", "s", "@hourly", "--kind", "noop"};
  auto dry = add;
  dry.emplace_back("--dry-run");
  for (const auto& arguments : {dry, add}) {
    EXPECT_THAT(place.run(arguments).err,
                HasSubstr("schedule s is defined in " + place.path("defs/s.yaml") + ": change it"));
  }
}

TEST(DryRunTest, APauseIsLookedAtWithoutALedger) {
  const Place place;
  EXPECT_EQ(place.json("queue pause", {"queue", "pause", "default", "--dry-run"}).at("paused"),
            true);
  EXPECT_FALSE(place.exists("waybill-data"));
  EXPECT_EQ(place.run({"queue", "resume", "default", "--dry-run"}).status, 1) << "as without it";
}

TEST(DryRunTest, AScheduleIsLookedAtWithoutALedger) {
  const Place place;
  place.json("schedule add", {"schedule", "add", "s", "@daily", "--dry-run", "--", "true"});
  EXPECT_FALSE(place.exists("waybill-data"));
}

}  // namespace
}  // namespace waybill::e2e
