// Scans of a bucket, and what is done with a ledger as a whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kNow = "2020-10-31T12:00:00Z";

/// A drop with one whole and one incomplete batch, and its definitions.
void lay_out_drop(const Place& place) {
  place.write(
      "defs/drop.yaml",
      "tasks:\n"
      "  intake: {kind: noop}\n"
      "  aggregate: {kind: noop}\n"
      "scans:\n"
      "  drop: {planner: prio, side: second, ingestion: ../in, own: ../own, peer: ../peer,\n"
      "         intake_max_age: 6h, intake_task: intake, aggregate_task: aggregate}\n");
  const std::string whole = "in/kittens/2020/10/31/11/30/b8a5579a-f984-460a-a42d-2813cbf57771.";
  for (const char* part : {"batch", "batch.avro", "batch.sig"}) place.write(whole + part, "x");
  place.write("in/kittens/2020/10/31/11/45/0f0317b2-c612-48c2-b08d-d98529d6eae4.batch", "x");
  place.write("own/.keep/x", "");
  place.write("peer/.keep/x", "");
}

TEST(ScanTest, SchedulesEachWholeBatchOnce) {
  const Place place;
  lay_out_drop(place);
  const std::vector<std::string> scan = {"scan", "--once", "--now", kNow, "--definitions", "defs"};
  const auto first = place.json("scan", scan).at("scans").at(0);
  ASSERT_EQ(first.at("tasks").get_array().size(), 1U);
  EXPECT_EQ(first.at("tasks").at(0).at("outcome"), "inserted");
  EXPECT_EQ(first.at("tasks").at(0).at("marker_outcome"), "written");
  EXPECT_THAT(place.run(scan).out, HasSubstr("already_marked"));
  const auto tasks = place.json("task list", {"task", "list", "--created-by", "scan:drop"});
  EXPECT_EQ(tasks.at("tasks").get_array().size(), 1U);
}

TEST(ScanTest, ADryRunWritesNothing) {
  const Place place;
  lay_out_drop(place);
  const auto report =
      place.json("scan", {"scan", "drop", "--dry-run", "--now", kNow, "--definitions", "defs"});
  EXPECT_EQ(report.at("scans").at(0).at("tasks").at(0).at("outcome"), "planned");
  EXPECT_FALSE(place.exists("waybill-data"));
  EXPECT_FALSE(place.exists("own/task-markers"));
}

TEST(ScanTest, SaysWhatWasSkippedAndWhy) {
  const Place place;
  lay_out_drop(place);
  const Ran ran = place.run({"scan", "--dry-run", "--now", kNow, "--definitions", "defs"});
  EXPECT_THAT(ran.out, HasSubstr("incomplete"));
  EXPECT_THAT(ran.out, HasSubstr("kittens/2020/10/31/11/45"));
  EXPECT_THAT(ran.err, HasSubstr("1 task planned"));
}

TEST(ScanTest, WhatCanNeverBeScheduledIsNotTriedForEver) {
  const Place place;
  lay_out_drop(place);
  std::string deep = "own";  // so that a marker's whole name is too long for a key
  for (int i = 0; i < 5; ++i) deep += "/" + std::string(200, 'x');
  place.write(deep + "/.keep/x", "");
  place.write("defs/drop.yaml",
              "tasks: {t: {kind: noop}}\n"
              "scans: {drop: {planner: prio, side: second, ingestion: ../in, peer: ../peer,\n"
              "               own: ../" +
                  deep +
                  ", intake_max_age: 876000h,\n"
                  "               intake_task: t, aggregate_task: t}}\n");
  for (const char* mode : {"--dry-run", "--once"}) {
    const Ran ran = place.run({"scan", mode, "--definitions", "defs"});
    EXPECT_EQ(ran.status, 1) << mode;
    EXPECT_THAT(ran.out, HasSubstr("dedup_key is over 1024 bytes"));
  }
  const Ran ran = place.run({"up", "--until-idle", "--definitions", "defs"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("scan drop: 1 task can never be scheduled, the first for "));
}

TEST(ScanTest, AnAggregateTooLargeForATaskFailsTheScanUntilItIsSplit) {
  const Place place;
  const std::string id(220, 'b');
  for (int i = 0; i < 4400; ++i) {  // about 1.2 MB in one message
    const std::string name =
        "kittens/2020/10/31/0" + std::to_string(6 + i % 3) + "/00/" + id + std::to_string(i);
    for (const char* part : {".batch", ".batch.avro", ".batch.sig"}) {
      place.write("in/" + name + part, "");
    }
    place.write("peer/" + name + ".validity_0.sig", "");
  }
  place.write("own/.keep/x", "");
  const auto define = [&](const std::string& more) {
    place.write("defs/drop.yaml",
                "tasks: {t: {kind: noop}}\n"
                "scans: {drop: {planner: prio, side: second, ingestion: ../in, peer: ../peer,\n"
                "               own: ../own, intake_task: t, aggregate_task: t,\n"
                "               aggregation_override: 2020-10-31T08:00:00Z" +
                    more + "}}\n");
  };
  define("");
  for (const char* mode : {"--dry-run", "--once"}) {
    const Ran ran = place.run({"scan", mode, "--quiet", "--definitions", "defs"});
    EXPECT_EQ(ran.status, 1) << mode;
    EXPECT_THAT(ran.err, HasSubstr("scan drop: 1 aggregation can never be scheduled"));
    EXPECT_THAT(ran.err, HasSubstr("split_aggregations: true"));
  }
  const Ran up = place.run({"up", "--until-idle", "--definitions", "defs"});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.err, HasSubstr("scan drop: 1 aggregation can never be scheduled"));
  define(", split_aggregations: true");
  const auto report = place.json("scan", {"scan", "--once", "--definitions", "defs"});
  EXPECT_EQ(report.at("scans").at(0).at("complete"), true);
  EXPECT_EQ(report.at("scans").at(0).at("tasks").get_array().size(), 2U);
  EXPECT_TRUE(place.exists("own/task-markers/aggregate-kittens-2020-10-31-06-00-2020-10-31-09-00"));
}

TEST(ScanTest, ABucketThatIsNotThereIsAnError) {
  const Place place;
  lay_out_drop(place);
  place.write("defs/drop.yaml",
              "tasks: {t: {kind: noop}}\n"
              "scans: {drop: {planner: prio, side: first, ingestion: ../gone, own: ../own,\n"
              "               peer: ../peer, intake_task: t, aggregate_task: t}}\n");
  const Ran ran = place.run({"scan", "--once", "--definitions", "defs"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("gone"));
}

TEST(ScanTest, AnUnknownScanIsNamedWithAHint) {
  const Place place;
  lay_out_drop(place);
  const Ran ran = place.run({"scan", "dorp", "--once", "--definitions", "defs"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("did you mean \"drop\"?"));
}

TEST(ScanTest, UpScansAndWorksUntilNothingIsLeft) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks: {show: {shell: 'echo \"$WAYBILL_PARAMS\"'}}\n"
              "scans:\n"
              "  s: {planner: batches, sources: {a: ../in}, path: '{batch}.{part}',\n"
              "      parts: [head, body], task: show}\n");
  place.write("in/one.head", "x");
  place.write("in/one.body", "x");
  place.write("in/two.head", "x");
  const Ran ran = place.run({"up", "--until-idle", "--definitions", "defs"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto tasks = place.json("task list", {"task", "list"}).at("tasks");
  ASSERT_EQ(tasks.get_array().size(), 1U);
  EXPECT_EQ(tasks.at(0).at("state"), "succeeded");
  EXPECT_EQ(tasks.at(0).at("created_by"), "scan:s");
}

TEST(DbTest, ALiveLedgerIsChecked) {
  const Place place;
  place.create({"--kind", "noop"});
  place.run({"worker", "--until-idle"});
  const auto report = place.json("db check", {"db", "check"});
  EXPECT_EQ(report.at("tasks_checked"), 1);
  EXPECT_EQ(report.at("violations_found"), 0);
}

TEST(DbTest, SaysHowBigItIs) {
  const Place place;
  place.create({"--kind", "noop"});
  const auto stats = place.json("db stats", {"db", "stats"});
  EXPECT_EQ(stats.at("tasks"), 1);
  EXPECT_EQ(stats.at("tasks_live"), 1);
}

TEST(DbTest, ABackupIsALedger) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  place.json("db backup", {"db", "backup", "copy.db"});
  EXPECT_EQ(place.run({"db", "backup", "copy.db"}).status, 1) << "it does not overwrite";
  place.write("copied/.keep", "");
  place.write("copied/ledger.db", place.read("copy.db"));
  EXPECT_EQ(place.json("task show", {"task", "show", id, "--data", "copied"}).at("state"), "ready");
}

TEST(DbTest, AnExportIsALineForEachTask) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  const Ran ran = place.run({"db", "export"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr(id));
  EXPECT_EQ(place.run({"db", "export", "--output", "all.jsonl"}).status, 0);
  EXPECT_EQ(place.read("all.jsonl"), ran.out);
  const Ran again = place.run({"db", "export", "--output", "all.jsonl"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("export to all.jsonl: there is a file of that name"));
  EXPECT_EQ(place.run({"db", "export", "--output", "gone/all.jsonl"}).status, 1);
  EXPECT_EQ(place.run({"db", "backup", "gone/copy.db"}).status, 1);
}

TEST(DbTest, MigratingANewLedgerChangesNothing) {
  const Place place;
  place.create({"--kind", "noop"});
  const auto migration = place.json("db migrate", {"db", "migrate"});
  EXPECT_EQ(migration.at("from"), migration.at("to"));
}

TEST(DbTest, WhoMayOnlyReadALedgerCanLookAtAllOfIt) {
  Place place;
  const std::string id = place.create({"--kind", "command", "--", "echo", "hello"});
  place.create({"--kind", "noop"});
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  place.run({"task", "create", "--kind", "noop"});
  namespace fs = std::filesystem;
  fs::permissions(place.directory(), fs::perms(0755));
  for (const auto& file : fs::recursive_directory_iterator(place.path("waybill-data"))) {
    fs::permissions(file, fs::perms(file.is_directory() ? 0555 : 0444));
  }
  fs::permissions(place.path("waybill-data"), fs::perms(0555));
  if (::geteuid() == 0) {  // whom permission bits do not bind
    place.wrapper = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    if (place.run({"version"}).status != 0) GTEST_SKIP() << "another user cannot run the program";
  }
  EXPECT_EQ(place.json("task list", {"task", "list"}).at("tasks").get_array().size(), 3U);
  EXPECT_EQ(place.json("task show", {"task", "show", id}).at("state"), "succeeded");
  EXPECT_THAT(place.run({"task", "logs", id}).out, HasSubstr("hello"));
  EXPECT_EQ(place.json("db stats", {"db", "stats"}).at("tasks"), 3);
  EXPECT_EQ(place.json("db check", {"db", "check"}).at("violations_found"), 0);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"task", "why", id}, {"queue", "list"}, {"schedule", "list"}, {"db", "export"}}) {
    const Ran ran = place.run(command);
    EXPECT_EQ(ran.status, 0) << command[1] << ": " << ran.err;
  }
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"task", "retry", id},
                                             {"task", "create", "--kind", "noop"},
                                             {"queue", "pause", "default"}}) {
    const Ran ran = place.run(command);
    EXPECT_EQ(ran.status, 1) << command[1];
    EXPECT_THAT(ran.err, HasSubstr("waybill-data/ledger.db: the ledger cannot be written; check "
                                   "the permissions"));
  }
  fs::permissions(place.path("waybill-data"), fs::perms(0755));
  fs::permissions(place.path("waybill-data/logs"), fs::perms(0755));
}

TEST(DbTest, AFileThatIsNoLedgerIsRefused) {
  const Place place;
  place.write("waybill-data/ledger.db", std::string(4096, 'x'));
  const Ran ran = place.run({"task", "list"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("waybill-data/ledger.db"));
}

}  // namespace
}  // namespace waybill::e2e
