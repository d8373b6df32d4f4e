// A ledger is restored from its backup as docs/guides/backup.md says, and work goes on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kScan =
    "tasks: {show: {kind: noop}}\n"
    "scans:\n"
    "  s: {planner: batches, sources: {a: ../in}, path: '{batch}.{part}',\n"
    "      parts: [head, body], task: show}\n";
const std::vector<std::string> kScanOnce = {"scan", "--once", "--definitions", "defs"};

void put_batch(const Place& place, const std::string& name) {
  place.write("in/" + name + ".head", "x");
  place.write("in/" + name + ".body", "x");
}

void restore(const Place& place, const std::string& copy) {
  fs::create_directory(place.path("aside"));
  for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm"}) {
    const std::string path = place.path(std::string("waybill-data/") + name);
    if (fs::exists(path)) fs::rename(path, place.path(std::string("aside/") + name));
  }
  fs::copy_file(place.path(copy), place.path("waybill-data/ledger.db"));
}

std::string state_of(const Place& place, const std::string& id) {
  const auto task = place.json("task show", {"task", "show", id});
  return std::string(task.at("state").get_string());
}

TEST(RestoreTest, AfterACrashWorkGoesOnFromTheBackup) {
  const Place place;
  const std::string done = place.create({"--kind", "noop"});
  const std::string running =
      place.create({"--", "sh", "-c", "test -e " + place.path("again") + " || exec sleep 60"});
  const auto worker = place.start({"worker", "--lease", "1s", "--beat", "100ms"});
  while (state_of(place, running) != "leased" || state_of(place, done) != "succeeded") continue;
  const std::string waiting = place.create({"--queue", "other", "--delay", "1h", "--", "true"});
  place.json("db backup", {"db", "backup", "copy.db"});
  const std::string late = place.create({"--kind", "noop"});
  while (state_of(place, late) != "succeeded") continue;
  worker->signal(SIGKILL);
  worker->wait();
  ASSERT_TRUE(place.exists("waybill-data/ledger.db-wal")) << "what must not be left in place";

  restore(place, "copy.db");
  const auto report = place.json("db check", {"db", "check"});
  EXPECT_EQ(report.at("tasks_checked"), 3);
  place.write("again", "");
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  EXPECT_EQ(state_of(place, done), "succeeded");
  EXPECT_EQ(state_of(place, waiting), "scheduled");
  const auto task = place.json("task show", {"task", "show", running});
  EXPECT_EQ(task.at("state"), "succeeded");
  EXPECT_EQ(task.at("worker_deaths"), 1);
  EXPECT_EQ(place.run({"task", "show", late}).status, 1) << "it was accepted after the backup";
  place.json("db check", {"db", "check"});
}

TEST(RestoreTest, WithoutTheNewerMarkersAScanMakesTheLostTasksAgain) {
  const Place place;
  place.write("defs/a.yaml", kScan);
  put_batch(place, "one");
  EXPECT_THAT(place.run(kScanOnce).out, HasSubstr("inserted"));
  place.json("db backup", {"db", "backup", "copy.db"});
  put_batch(place, "two");
  EXPECT_THAT(place.run(kScanOnce).out, HasSubstr("a/two"));
  restore(place, "copy.db");
  EXPECT_THAT(place.run(kScanOnce).err, HasSubstr("0 tasks scheduled"));
  fs::remove_all(place.path("in/task-markers"));
  const auto tasks = place.json("scan", kScanOnce).at("scans").at(0).at("tasks");
  ASSERT_EQ(tasks.get_array().size(), 2U);
  EXPECT_EQ(tasks.at(0).at("outcome"), "duplicate");
  EXPECT_EQ(tasks.at(1).at("outcome"), "inserted");
}

}  // namespace
}  // namespace waybill::e2e
