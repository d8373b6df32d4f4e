#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/prio/planner.h"
#include "core/scan_fixture.h"
#include "core/task.h"

namespace waybill::prio {

/// Plans of three buckets in memory, at noon of a day.
inline const Time kNow = *parse_time("2020-10-31T12:00:00Z");

class PrioPlans : public testing::Test {
 protected:
  Plan plan() { return plan_of({.name = "prio", .planner = scan_}, kNow, store_); }

  void add_ingestion(const std::string& path, Time modified_at = {}) {
    for (const auto* part : {".batch", ".batch.avro", ".batch.sig"}) {
      store_.add("ingestion", path + part, modified_at);
    }
  }
  void add_validation(const std::string& path, Time modified_at = {}) {
    store_.add("peer", path + ".validity_0.sig", modified_at);
  }
  void add_marker(const std::string& name, Time modified_at = {}) {
    store_.add("own", std::string(kMarkerPrefix) + name, modified_at);
  }
  const Skipped* skip_of(const Plan& plan, std::string_view what) {
    for (const Skipped& skip : plan.skipped) {
      if (skip.what == what) return &skip;
    }
    return nullptr;
  }
  std::int64_t count(const Plan& plan, std::string_view name, std::string_view id = "k") {
    const auto found = plan.counts.find(labelled(name, "aggregation_id", id));
    return found == plan.counts.end() ? 0 : found->second;
  }

  PrioScan scan_{.ingestion_url = "i",
                 .own_url = "o",
                 .peer_url = "p",
                 .intake_task = "take-in",
                 .aggregate_task = "add-up"};
  MemoryListing store_;
};

}  // namespace waybill::prio
