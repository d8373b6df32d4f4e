// What is caught up, what a failed listing keeps back, and aggregates in parts.

#include "core/prio/planner.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/prio/message.h"
#include "tests/scan/planner_fixture.h"

namespace waybill::prio {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class PrioCatchUp : public PrioPlans {
 protected:
  PrioCatchUp() {
    scan_.catch_up = hours(48);
    scan_.catch_up_from = CatchUpFrom::first_marker;
    for (const auto* when : {"30/18/30", "30/21/30", "31/00/30", "31/03/30", "31/06/30"}) {
      add_ingestion(std::string("k/2020/10/") + when + "/b");
      add_validation(std::string("k/2020/10/") + when + "/b");
    }
  }
  std::vector<std::string> planned() {
    std::vector<std::string> what;
    for (const PlannedTask& task : plan().tasks) what.push_back(task.what);
    return what;
  }
};

TEST_F(PrioCatchUp, FromTheFirstMarkerAggregatesNothingButTheLatestWhereThereIsNone) {
  EXPECT_EQ(planned(),
            (std::vector<std::string>{"aggregate k 2020/10/31/06/00 to 2020/10/31/09/00"}));
  EXPECT_EQ(count(plan(), "aggregate_ingestions_found"), 1);
}

TEST_F(PrioCatchUp, FromTheFirstMarkerAggregatesWhatWasMissedSince) {
  add_marker("aggregate-k-2020-10-30-21-00-2020-10-31-00-00");
  add_marker("aggregate-k-2020-10-31-03-00-2020-10-31-06-00");
  EXPECT_EQ(planned(),
            (std::vector<std::string>{"aggregate k 2020/10/31/00/00 to 2020/10/31/03/00",
                                      "aggregate k 2020/10/31/06/00 to 2020/10/31/09/00"}));
}

TEST_F(PrioCatchUp, FromTheFirstMarkerListsNoWindowsThatHaveTheirMarker) {
  add_marker("aggregate-k-2020-10-30-21-00-2020-10-31-00-00");
  add_marker("aggregate-k-2020-10-31-03-00-2020-10-31-06-00");
  PrioPlanner planner(scan_, kNow);
  std::size_t listed = 0;
  for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
    for (const ScanListing& listing : listings) {
      for (const auto& found : store_.list(listing)) {
        listed += listing.source == "peer" ? 1 : 0;
        feed(planner, found);
      }
    }
  }
  EXPECT_EQ(listed, 2u);  // of the windows at 00:00 and 06:00
}

TEST_F(PrioCatchUp, FromTheFirstMarkerListsNoKeyTwiceThoughTheIntakeIsAsLong) {
  scan_.intake_max_age = hours(10);
  add_marker("aggregate-k-2020-10-30-18-00-2020-10-30-21-00");
  PrioPlanner planner(scan_, kNow);
  std::vector<std::string> keys;
  for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
    for (const ScanListing& listing : listings) {
      for (const auto& found : store_.list(listing)) {
        if (listing.source == "ingestion") keys.push_back(found.key);
        feed(planner, found);
      }
    }
  }
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), keys.size());
  EXPECT_EQ(planner.finish().tasks.size(), 6u) << "4 windows, and 2 batches to take in";
}

TEST_F(PrioCatchUp, FromTheFirstMarkerAggregatesWhatWasTakenInAndValidatedLater) {
  add_marker("intake-k-2020-10-31-00-30-b");
  EXPECT_EQ(planned(),
            (std::vector<std::string>{"aggregate k 2020/10/31/00/00 to 2020/10/31/03/00",
                                      "aggregate k 2020/10/31/03/00 to 2020/10/31/06/00",
                                      "aggregate k 2020/10/31/06/00 to 2020/10/31/09/00"}))
      << "somebody was at work in the window at 00:00, and so after it";
  EXPECT_EQ(count(plan(), "aggregated_without_intake"), 2);
}

TEST_F(PrioCatchUp, FromTheFirstMarkerListsNoIntakeMarkersWhereAnAggregatesTells) {
  add_marker("aggregate-k-2020-10-29-06-00-2020-10-29-09-00");
  PrioPlanner planner(scan_, kNow);
  int rounds = 0;
  for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
    ++rounds;
    for (const ScanListing& listing : listings) {
      for (const auto& found : store_.list(listing)) feed(planner, found);
    }
  }
  EXPECT_EQ(rounds, 3) << "ids; the latest and the intake; what was missed";
}

TEST_F(PrioCatchUp, LeavesOutWhatAMarkerOfAnotherPeriodSharesMinutesWith) {
  // With windows of 8 hours, until somebody chose 3.
  add_marker("aggregate-k-2020-10-30-16-00-2020-10-31-00-00");
  const Plan plan = this->plan();
  std::vector<std::string> what;
  for (const PlannedTask& task : plan.tasks) what.push_back(task.what);
  EXPECT_EQ(what, (std::vector<std::string>{"aggregate k 2020/10/31/00/00 to 2020/10/31/03/00",
                                            "aggregate k 2020/10/31/03/00 to 2020/10/31/06/00",
                                            "aggregate k 2020/10/31/06/00 to 2020/10/31/09/00"}));
  ASSERT_GE(plan.warnings.size(), 1u);
  EXPECT_TRUE(plan.warnings.back().starts_with(
      "aggregate k 2020/10/30/15/00 to 2020/10/30/18/00 was not caught up"))
      << plan.warnings.back();
}

TEST_F(PrioCatchUp, LeavesOutWhatIsInTheSumOfALongWindowThatBeganBeforeAll) {
  scan_.catch_up_from = CatchUpFrom::always;
  add_marker("aggregate-k-2020-10-26-00-00-2020-10-31-06-00");
  EXPECT_EQ(planned(),
            (std::vector<std::string>{"aggregate k 2020/10/31/06/00 to 2020/10/31/09/00"}));
}

TEST_F(PrioCatchUp, WarnsWhereTheLatestWindowSharesMinutesWithAnotherPeriods) {
  add_marker("aggregate-k-2020-10-31-00-00-2020-10-31-08-00");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u) << "as workflow-manager has it";
  EXPECT_TRUE(std::any_of(plan.warnings.begin(), plan.warnings.end(), [](const auto& warning) {
    return warning.starts_with("aggregate k 2020/10/31/06/00 to 2020/10/31/09/00 shares minutes");
  }));
}

/// Runs a planner whose listings of `source` under `prefix` fail.
Plan plan_without(const PrioScan& scan, const MemoryListing& store, const std::string& source,
                  const std::string& prefix) {
  PrioPlanner planner(scan, kNow);
  for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
    for (const ScanListing& listing : listings) {
      // What came before the failure was handed over already.
      for (const auto& found : store.list(listing)) feed(planner, found);
      const bool fails = listing.source == source && listing.prefix.starts_with(prefix) &&
                         listing.delimiter.empty();
      if (fails) planner.failed(listing);
    }
  }
  return planner.finish();
}

class PrioFailures : public PrioPlans {
 protected:
  PrioFailures() {
    for (const auto* id : {"j", "k"}) {
      for (const auto* when : {"/2020/10/31/07/30/b", "/2020/10/31/11/30/b"}) {
        add_ingestion(id + std::string(when));
        add_validation(id + std::string(when));
      }
    }
  }
  std::vector<std::string> planned_without(const std::string& source, const std::string& prefix) {
    std::vector<std::string> what;
    for (const PlannedTask& task : plan_without(scan_, store_, source, prefix).tasks) {
      what.push_back(task.what.substr(0, 11));
    }
    return what;
  }
  using Planned = std::vector<std::string>;
};

TEST_F(PrioFailures, OfOneAggregationKeepBackNoOther) {
  EXPECT_EQ(planned_without("ingestion", "j/"), (Planned{"intake k 20", "aggregate k"}));
}

TEST_F(PrioFailures, OfThePeersBucketKeepBackTheAggregationOnly) {
  EXPECT_EQ(planned_without("peer", "j/"), (Planned{"intake j 20", "intake k 20", "aggregate k"}));
  const Plan plan = plan_without(scan_, store_, "peer", "j/");
  EXPECT_FALSE(plan.counts.contains("peer_validations_found{aggregation_id=\"j\"}"));
  EXPECT_TRUE(plan.counts.contains("peer_validations_found{aggregation_id=\"k\"}"));
}

TEST_F(PrioFailures, OfMarkersKeepBackWhatTheyMark) {
  EXPECT_EQ(planned_without("own", "task-markers/intake-j-"),
            (Planned{"intake k 20", "aggregate j", "aggregate k"}));
  EXPECT_EQ(planned_without("own", "task-markers/aggregate-j-"),
            (Planned{"intake j 20", "intake k 20", "aggregate k"}));
}

TEST_F(PrioFailures, OfIntakeMarkersRaiseNoAlarmAboutBatchesThatWereNeverTakenIn) {
  const Plan whole = plan();
  EXPECT_EQ(whole.warnings.size(), 2u) << "neither j's nor k's has its marker";
  const Plan without_markers = plan_without(scan_, store_, "own", "task-markers/intake-j-");
  ASSERT_EQ(without_markers.warnings.size(), 1u) << "of j nobody can tell";
  EXPECT_TRUE(without_markers.warnings[0].starts_with("aggregate k "));
  EXPECT_EQ(count(without_markers, "aggregated_without_intake", "j"), 0);
  EXPECT_EQ(count(without_markers, "aggregated_without_intake", "k"), 1);
}

class PrioParts : public PrioPlans {
 protected:
  PrioParts() {
    scan_.intake_max_age = -hours(24);
    scan_.oversized = OversizedAggregation::split;
    scan_.aggregate_bytes_max = 300;  // three batches
    for (int minute = 0; minute < 60; minute += 12) {
      const std::string path =
          "k/2020/10/31/07/" + std::string(minute < 10 ? "0" : "") + std::to_string(minute) + "/b";
      add_ingestion(path);
      add_validation(path);
    }
  }
};

TEST_F(PrioParts, HaveMarkersAndIdsOfTheirOwnAndTheWindowsMarkerWhenAllAreDone) {
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 2u);
  EXPECT_EQ(plan.tasks[0].marker,
            "aggregate-k-2020-10-31-06-00-2020-10-31-09-00-part-2020-10-31-06-00-2020-10-31-07-30");
  EXPECT_EQ(plan.tasks[0].id, uuid_v5(kTaskNamespace, plan.tasks[0].marker));
  const auto first = decode_aggregate(plan.tasks[0].params);
  const auto second = decode_aggregate(plan.tasks[1].params);
  EXPECT_EQ(first->batches.size(), 3u);
  EXPECT_EQ(second->batches.size(), 2u);
  EXPECT_EQ(first->end, second->begin);
  ASSERT_EQ(plan.closing.size(), 1u);
  EXPECT_EQ(plan.closing[0].marker, "aggregate-k-2020-10-31-06-00-2020-10-31-09-00");
  EXPECT_EQ(plan.closing[0].after,
            (std::vector<std::string>{plan.tasks[0].marker, plan.tasks[1].marker}));
}

TEST_F(PrioParts, ThatAreDoneAreNotRepeatedWhateverCameSince) {
  const Plan before = plan();
  add_marker(before.tasks[0].marker);
  add_ingestion("k/2020/10/31/07/05/late");
  add_validation("k/2020/10/31/07/05/late");
  scan_.aggregate_bytes_max = 1 << 20;  // all would fit into one message now
  const Plan after = plan();
  ASSERT_EQ(after.tasks.size(), 1u);
  EXPECT_EQ(after.tasks[0], before.tasks[1]);
  EXPECT_EQ(after.closing[0].after, (std::vector<std::string>{before.tasks[1].marker}));
  add_marker(before.tasks[1].marker);
  EXPECT_TRUE(plan().tasks.empty());
  ASSERT_EQ(plan().closing.size(), 1u);
  EXPECT_TRUE(plan().closing[0].after.empty());
  add_marker(after.closing[0].marker);
  EXPECT_TRUE(plan().closing.empty());
}

TEST_F(PrioParts, OfOneMinuteThatDoNotFitAreRefusedAndTheWindowStaysOpen) {
  for (const auto* id : {"c", "d", "e", "f"}) {
    add_ingestion(std::string("k/2020/10/31/07/00/") + id);
    add_validation(std::string("k/2020/10/31/07/00/") + id);
  }
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.closing.empty());
  EXPECT_EQ(plan.counts.at("skipped{reason=\"too_large\"}"), 1);
  ASSERT_EQ(plan.warnings.size() >= 1, true);
  EXPECT_NE(plan.warnings[0].find("its 5 batches make a message of"), std::string::npos);
  EXPECT_NE(plan.warnings[0].find("choose a queue that takes larger messages"), std::string::npos);
}

TEST_F(PrioParts, AreNotMadeUnlessAskedFor) {
  scan_.oversized = OversizedAggregation::refuse;
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(plan.counts.at("skipped{reason=\"too_large\"}"), 1);
  EXPECT_NE(plan.warnings.at(0).find("split_aggregations: true"), std::string::npos);
  scan_.split_setting = "--split-aggregations";
  EXPECT_NE(this->plan().warnings.at(0).find("with --split-aggregations"), std::string::npos);
  EXPECT_EQ(this->plan().warnings.at(0).find("split_aggregations: true"), std::string::npos);
}

}  // namespace
}  // namespace waybill::prio
