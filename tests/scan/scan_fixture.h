#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/scan.h"
#include "testing/fake_ledger.h"
#include "testing/fake_object_store.h"
#include "testing/sim_clock.h"

namespace waybill {

/// For tests of scans: Prio's three buckets in memory, a ledger, and the scan that joins them. It
/// is 2026-11-22T12:00; batches are taken in for six hours; the window 06:00 to 09:00 is
/// aggregated.
class ScanFixture : public testing::Test {
 protected:
  ScanFixture() {
    for (const std::string name : {"ingestion", "own", "peer", "elsewhere"}) {
      buckets_["fake:///" + name] =
          std::make_shared<FakeObjectStore>(clock_, FakeObjectStoreOptions{.name = name});
    }
    scan_ = {.name = "drop",
             .planner = PrioScan{.ingestion_url = "fake:///ingestion",
                                 .own_url = "fake:///own",
                                 .peer_url = "fake:///peer",
                                 .intake_max_age = std::chrono::hours(6),
                                 .intake_task = "intake",
                                 .aggregate_task = "aggregate"}};
    tasks_["intake"] = {.name = "intake", .kind = "noop", .queue = "in", .labels = {{"a", "b"}}};
    tasks_["aggregate"] = {.name = "aggregate", .kind = "noop", .priority = 7};
  }

  ObjectStore& bucket(const std::string& name) { return *buckets_.at("fake:///" + name); }
  /// All objects of a batch; `when` is today's hour and minute: "11/30".
  void add_batch(const std::string& when, const std::string& id) {
    for (const char* part : {".batch", ".batch.avro", ".batch.sig"}) {
      ASSERT_TRUE(bucket("ingestion").put(key(when, id) + part, ""));
    }
  }
  void add_peer_validation(const std::string& when, const std::string& id) {
    ASSERT_TRUE(bucket("peer").put(key(when, id) + ".validity_0.sig", ""));
  }
  /// What makes kTasks tasks: three batches, two of which the peer has validated in the window.
  static constexpr std::size_t kTasks = 4;
  void add_four_tasks() {
    add_batch("11/30", "b8a5579a-f984-460a-a42d-2813cbf57771");
    for (const char* id :
         {"783bee00-befb-572a-bb2c-a9aa72c0b988", "7c8cdace-2de8-5ec2-8882-fefadc1b6fb8"}) {
      add_batch("07/30", id);
      add_peer_validation("07/30", id);
    }
  }

  ScanPorts ports() {
    return {.ledger = ledger_,
            .clock = clock_,
            .open_bucket = [this](const std::string& url) -> Result<std::shared_ptr<ObjectStore>> {
              const auto found = buckets_.find(url);
              if (found == buckets_.end()) return fail(Code::not_found, "no bucket " + url);
              return found->second;
            },
            .check_task = {},
            .dedup_keys = &ledger_};
  }
  Result<ScanReport> run(const ScanOptions& options = {}) {
    return run_scan(scan_, tasks_, ports(), options);
  }

  std::vector<Task> tasks_in_ledger() { return ledger_.page({.limit = 10'000}).value().tasks; }
  std::set<std::string> markers() {
    std::set<std::string> markers;
    const auto page = bucket("own").list({.prefix = "task-markers/"});
    for (const ObjectInfo& object : page.value().objects) markers.insert(object.key);
    return markers;
  }
  /// The object that marks a task: its key without the bucket.
  static std::string marker_of(const Task& task) {
    return task.request.dedup_key.substr(std::string("fake:///own/").size());
  }
  /// I5: as many tasks as planned, each with its marker, and no marker without its task.
  void expect_all_accepted_and_marked(std::size_t planned) {
    std::set<std::string> expected;
    const std::vector<Task> tasks = tasks_in_ledger();
    for (const Task& task : tasks) expected.insert(marker_of(task));
    EXPECT_EQ(tasks.size(), planned);
    EXPECT_EQ(expected.size(), planned) << "a marker has two tasks";
    EXPECT_EQ(markers(), expected);
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  std::map<std::string, std::shared_ptr<ObjectStore>> buckets_;  // by URL; shared with the scans
  ScanDefinition scan_;
  std::map<std::string, TaskDefinition> tasks_;

 private:
  static std::string key(const std::string& when, const std::string& id) {
    return "kittens/2026/11/22/" + when + "/" + id;
  }
};

}  // namespace waybill
