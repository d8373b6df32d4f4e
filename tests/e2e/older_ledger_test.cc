// A ledger that an older Waybill made, and what its user does about it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "adapters/local/system_clock.h"
#include "adapters/sqlite/database.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Makes a ledger with a task what it was before there were tokens; answers the task's id.
std::string make_older(const Place& place) {
  const std::string id = place.create({"--kind", "noop"});
  SystemClock clock;
  const auto raw = sqlite::Database::open({.path = place.path("waybill-data/ledger.db")}, clock);
  EXPECT_TRUE(raw.has_value());
  EXPECT_TRUE((*raw)->execute("DROP TABLE tokens; DROP TABLE people; DROP TABLE sessions"));
  EXPECT_TRUE((*raw)->execute(
      "DROP TABLE audit; DROP TABLE secrets; DROP TABLE webhooks; DROP TABLE webhook_deliveries; "
      "DROP TABLE first_answers; DROP TABLE artifacts; DROP TABLE condemned_contents; "
      "DROP TABLE store_claims; DROP TABLE plans; DROP TABLE runs; DROP TABLE run_nodes; "
      "DROP TABLE collections; DROP TABLE collection_items; DROP TABLE snapshots; "
      "DROP TABLE metadata; DROP TABLE scan_passes; DROP TABLE definition_versions; "
      "DROP TABLE host_turns"));
  EXPECT_TRUE((*raw)->execute("ALTER TABLE workers DROP COLUMN version"));
  EXPECT_TRUE((*raw)->execute(
      "ALTER TABLE schedules DROP COLUMN pause_at; ALTER TABLE schedules DROP COLUMN pause_by; "
      "ALTER TABLE schedules DROP COLUMN pause_reason"));
  EXPECT_TRUE((*raw)->execute("PRAGMA user_version = 1"));
  return id;
}

TEST(OlderLedgerTest, EveryCommandThatNeedsItSaysWhatToDo) {
  const Place place;
  make_older(place);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"up", "--until-idle"},
           {"task", "list"},
           {"task", "create", "--kind", "noop"},
           {"token", "list"},
           {"token", "create", "--name", "ci", "--role", "viewer"},
           {"db", "check"}}) {
    const Ran ran = place.run(command);
    EXPECT_EQ(ran.status, 1) << command[1];
    EXPECT_THAT(ran.err, AllOf(HasSubstr("schema version 1, older than"),
                               HasSubstr("`waybill db migrate`")));
    EXPECT_EQ(ran.out, "");
  }
}

TEST(OlderLedgerTest, IsBackedUpAndMigrated) {
  const Place place;
  const std::string id = make_older(place);
  EXPECT_THAT(place.run({"db", "backup", "copy.db", "--dry-run"}).err,
              HasSubstr("ledger.db of schema 1 would be copied to copy.db"));
  EXPECT_FALSE(place.exists("copy.db"));
  place.json("db backup", {"db", "backup", "copy.db"});
  EXPECT_EQ(place.run({"db", "backup", "copy.db", "--dry-run"}).status, 1) << "it is there";
  EXPECT_EQ(place.json("db migrate", {"db", "migrate", "--dry-run"}).at("from"), 1);
  EXPECT_EQ(place.json("db migrate", {"db", "migrate"}).at("from"), 1);
  EXPECT_EQ(place.json("db check", {"db", "check"}).at("violations_found"), 0);
  EXPECT_EQ(place.json("task show", {"task", "show", id}).at("state"), "ready");
  place.json("token create", {"token", "create", "--name", "ci", "--role", "viewer"});
}

}  // namespace
}  // namespace waybill::e2e
