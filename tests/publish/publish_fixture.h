#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "core/prio/message.h"
#include "core/prio/workflow_flags.h"
#include "services/publish_pass.h"
#include "testing/fake_object_store.h"
#include "testing/fake_queue.h"
#include "testing/sim_clock.h"

namespace waybill {

/// For tests of publishing passes: Prio's three buckets and two queues in memory. It is
/// 2026-11-22T12:00; batches are taken in for an hour; the window 06:00 to 09:00 is aggregated.
class PublishFixture : public testing::Test {
 protected:
  PublishFixture() {
    scan_ = {.ingestion_url = "fake:///ingestion",
             .own_url = "fake:///own",
             .peer_url = "fake:///peer",
             .intake_task = std::string(prio::kIntakeTask),
             .aggregate_task = std::string(prio::kAggregateTask)};
  }

  /// All objects of a batch; `when` is today's hour and minute: "11/30".
  void add_batch(const std::string& when, const std::string& id) {
    for (const char* part : {".batch", ".batch.avro", ".batch.sig"}) {
      ASSERT_TRUE(ingestion_.put(key(when, id) + part, ""));
    }
  }
  void add_validated(const std::string& when, const std::string& id) {
    add_batch(when, id);
    ASSERT_TRUE(peer_.put(key(when, id) + ".validity_0.sig", ""));
  }
  /// What makes kTasks tasks: four batches, and two that the peer has validated in the window.
  static constexpr std::size_t kTasks = 5;
  void add_tasks() {
    for (const char* id : {"a", "b", "c", "d"}) add_batch("11/30", id);
    for (const char* id : {"x", "y"}) add_validated("07/30", id);
  }

  PublishPorts ports() {
    return {.ingestion = ingestion_,
            .own = own_,
            .peer = peer_,
            .intake = &intake_,
            .aggregate = &aggregate_,
            .clock = clock_};
  }
  PublishOptions options(const std::string& name = "scanner") {
    return {.scan = scan_,
            .workers = 1,
            .list_workers = 1,
            .publish_batch = 2,
            .lock = {.holder = name, .token = name, .is_gone = [](const std::string& holder) {
                       return holder == "dead";
                     }}};
  }
  Result<PublishReport> run() { return run_publish_pass(ports(), options()); }

  /// Ids of the messages of both queues, as often as they came.
  std::multiset<std::string> published() {
    std::multiset<std::string> ids;
    for (FakeQueue* queue : {&intake_, &aggregate_}) {
      const std::size_t count = queue->size();
      if (count == 0) continue;
      const auto deliveries = queue->receive(count, {});
      for (const Delivery& delivery : deliveries.value()) {
        ids.insert(delivery.message.id);
        EXPECT_NE(delivery.message.body.find(delivery.message.id), std::string::npos)
            << "the trace-id is the message's id";
      }
    }
    return ids;
  }
  std::set<std::string> markers() {
    std::set<std::string> names;
    const auto page = own_.list({.prefix = "task-markers/"});
    for (const ObjectInfo& object : page.value().objects) {
      names.insert(object.key.substr(kMarkerPrefix.size()));
    }
    return names;
  }
  /// Every task marked, its message published (`copies_max` times at most), and no lock left.
  void expect_all_done(std::size_t tasks, std::size_t copies_max = 1) {
    const auto ids = published();
    std::set<std::string> expected;
    for (const std::string& marker : markers()) {
      expected.insert(to_string(uuid_v5(kTaskNamespace, marker)));
      EXPECT_EQ(own_.get(std::string(kMarkerPrefix) + marker), marker);
    }
    EXPECT_EQ(expected.size(), tasks);
    EXPECT_EQ((std::set<std::string>(ids.begin(), ids.end())), expected);
    for (const std::string& id : expected) EXPECT_LE(ids.count(id), copies_max) << id;
  }

  SimClock clock_{OnWait::blocks};
  FakeObjectStore ingestion_{clock_, {.name = "ingestion"}};
  FakeObjectStore own_{clock_, {.name = "own"}};
  FakeObjectStore peer_{clock_, {.name = "peer"}};
  FakeQueue intake_{clock_};
  FakeQueue aggregate_{clock_};
  PrioScan scan_;

 private:
  static std::string key(const std::string& when, const std::string& id) {
    return "kittens/2026/11/22/" + when + "/" + id;
  }
};

}  // namespace waybill
