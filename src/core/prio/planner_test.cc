#include "core/prio/planner.h"

#include <gtest/gtest.h>

#include "core/prio/message.h"
#include "core/scan_fixture.h"
#include "core/task.h"

namespace waybill::prio {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kNow = *parse_time("2020-10-31T12:00:00Z");

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

TEST_F(PrioPlans, ATaskHasItsMarkerItsIdItsMessageAndWordsForPeople) {
  add_ingestion("k/2020/10/31/11/30/b8a5579a-f984-460a-a42d-2813cbf57771");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u);
  const PlannedTask& task = plan.tasks[0];
  EXPECT_EQ(task.marker, "intake-k-2020-10-31-11-30-b8a5579a-f984-460a-a42d-2813cbf57771");
  EXPECT_EQ(task.id, uuid_v5(kTaskNamespace, task.marker));
  EXPECT_EQ(task.task, "take-in");
  EXPECT_EQ(task.what, "intake k 2020/10/31/11/30 b8a5579a");
  EXPECT_EQ(decode_intake(task.params)->trace_id, task.id);
}

TEST_F(PrioPlans, IntakeComesBeforeAggregationAndAllIsInOrderOfTimeAndId) {
  for (const auto* agg : {"b", "a"}) {
    for (const auto* batch : {"11/31/x", "11/30/z", "11/30/y", "08/30/w"}) {
      add_ingestion(agg + std::string("/2020/10/31/") + batch);
    }
    add_validation(agg + std::string("/2020/10/31/08/30/w"));
  }
  std::vector<std::string> order;
  for (const PlannedTask& task : plan().tasks) order.push_back(task.what);
  EXPECT_EQ(order,
            (std::vector<std::string>{"intake a 2020/10/31/11/30 y", "intake a 2020/10/31/11/30 z",
                                      "intake a 2020/10/31/11/31 x", "intake b 2020/10/31/11/30 y",
                                      "intake b 2020/10/31/11/30 z", "intake b 2020/10/31/11/31 x",
                                      "aggregate a 2020/10/31/06/00 to 2020/10/31/09/00",
                                      "aggregate b 2020/10/31/06/00 to 2020/10/31/09/00"}));
}

TEST_F(PrioPlans, APeerValidationMatchesByTimeAndId) {
  add_ingestion("k/2020/10/31/07/00/same");
  add_ingestion("k/2020/10/31/08/00/same");
  add_validation("k/2020/10/31/08/00/same");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u);
  const auto message = decode_aggregate(plan.tasks[0].params);
  ASSERT_EQ(message->batches.size(), 1u);
  EXPECT_EQ(message->batches[0].time, *parse_time("2020-10-31T08:00:00Z"));
  const Skipped* skip = skip_of(plan, "k/2020/10/31/07/00/same");
  ASSERT_NE(skip, nullptr);
  EXPECT_EQ(skip->reason, SkipReason::no_peer_validation);
  EXPECT_EQ(skip->detail, "missing validity_0.sig");
}

TEST_F(PrioPlans, TheFirstSideLooksForTheOtherIndex) {
  scan_.side = PrioSide::first;
  add_ingestion("k/2020/10/31/08/00/b");
  add_validation("k/2020/10/31/08/00/b");
  EXPECT_TRUE(plan().tasks.empty());
  store_.add("peer", "k/2020/10/31/08/00/b.validity_1.sig");
  EXPECT_EQ(plan().tasks.size(), 1u);
}

TEST_F(PrioPlans, WhatThePeerValidatedTooLateIsReportedPerWindow) {
  const Time aggregated = kNow - minutes(30);
  const std::string marker = "aggregate-k-2020-10-31-06-00-2020-10-31-09-00";
  add_marker(marker, aggregated);
  add_ingestion("k/2020/10/31/07/00/early");
  add_validation("k/2020/10/31/07/00/early", aggregated);
  add_ingestion("k/2020/10/31/07/00/late");
  add_validation("k/2020/10/31/07/00/late", aggregated + Duration(1));
  add_ingestion("k/2020/10/31/07/00/never");
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(count(plan, "late_peer_validations_found"), 1);
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/00/early"), nullptr);
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/00/late")->reason, SkipReason::late_peer_validation);
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/00/never")->detail,
            "missing validity_0.sig; its window was aggregated without it");
  add_marker(marker);
  EXPECT_EQ(count(this->plan(), "late_peer_validations_found"), 0)
      << "a store that tells no times cannot tell what is late";
}

TEST_F(PrioPlans, BatchesThatWereNeverTakenInAreAggregatedAndWarnedOf) {
  scan_.intake_max_age = hours(5);
  add_ingestion("k/2020/10/31/06/30/forgotten");
  add_validation("k/2020/10/31/06/30/forgotten");
  add_ingestion("k/2020/10/31/06/40/marked");
  add_validation("k/2020/10/31/06/40/marked");
  add_marker("intake-k-2020-10-31-06-40-marked");
  add_ingestion("k/2020/10/31/07/00/now");
  add_validation("k/2020/10/31/07/00/now");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 2u);
  EXPECT_EQ(decode_aggregate(plan.tasks[1].params)->batches.size(), 3u);
  EXPECT_EQ(count(plan, "aggregated_without_intake"), 1);
  ASSERT_EQ(plan.warnings.size(), 1u);
  EXPECT_NE(plan.warnings[0].find("1 of its 3 batches have no intake marker"), std::string::npos);
}

TEST_F(PrioPlans, CaughtUpWindowsAreAggregatedOnceEach) {
  scan_.catch_up = hours(9);
  for (const auto* hour : {"01", "04", "07"}) {
    add_ingestion("k/2020/10/31/" + std::string(hour) + "/30/b");
    add_validation("k/2020/10/31/" + std::string(hour) + "/30/b");
  }
  add_marker("aggregate-k-2020-10-31-03-00-2020-10-31-06-00");
  std::vector<std::string> markers;
  for (const PlannedTask& task : plan().tasks) markers.push_back(task.marker);
  EXPECT_EQ(markers, (std::vector<std::string>{"aggregate-k-2020-10-31-00-00-2020-10-31-03-00",
                                               "aggregate-k-2020-10-31-06-00-2020-10-31-09-00"}));
}

TEST_F(PrioPlans, ASharedMarkerNeverPassesForDone) {
  add_ingestion("x/2020/10/31/11/30/2020-10-31-11-40-b");
  add_ingestion("x-2020-10-31-11-30/2020/10/31/11/40/b");
  Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(plan.tasks[0].what, "intake x-2020-10-31-11-30 2020/10/31/11/40 b");
  EXPECT_EQ(skip_of(plan, "x/2020/10/31/11/30/2020-10-31-11-40-b")->reason,
            SkipReason::ambiguous_marker);
  ASSERT_EQ(plan.warnings.size(), 1u);
  add_marker(plan.tasks[0].marker);
  plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(plan.counts.at("skipped{reason=\"ambiguous_marker\"}"), 2)
      << "nobody can tell whose marker it is";
}

TEST_F(PrioPlans, AnAggregateThatNoTaskCanHoldFailsLoudly) {
  const std::string id(1000, 'x');
  for (int i = 0; i < 1100; ++i) {
    const std::string path = "k/2020/10/31/07/00/" + std::to_string(i) + id;
    add_ingestion(path);
    add_validation(path);
  }
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  ASSERT_EQ(plan.warnings.size(), 1u);
  EXPECT_NE(plan.warnings[0].find("choose a shorter aggregation period"), std::string::npos);
  EXPECT_EQ(skip_of(plan, "aggregate k 2020/10/31/06/00 to 2020/10/31/09/00")->reason,
            SkipReason::too_large);
}

TEST_F(PrioPlans, MalformedNamesAreSkippedWhereverTheyAre) {
  add_ingestion("k/2020/10/31/11/30/good");
  store_.add("ingestion", "stray");
  store_.add("ingestion", "k/2020/10/31/11/61/b.batch");
  store_.add("peer", "k/2020/10/31/07/0x/b.validity_0.sig");
  const Plan plan = this->plan();
  EXPECT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(count(plan, "malformed_names_found"), 2);
  EXPECT_EQ(plan.counts.at("skipped{reason=\"malformed_name\"}"), 3);
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/0x/b.validity_0.sig")->detail,
            "in the peer's bucket; the minute '0x' is not two digits");
}

TEST_F(PrioPlans, SkippedThingsAreKeptUpToALimitButAllAreCounted) {
  for (int i = 0; i < 12'000; ++i) {
    store_.add("ingestion", "k/2020/10/31/11/30/" + std::to_string(i) + ".batch");
  }
  store_.add("ingestion", "k/2020/10/31/11/bad");
  const Plan plan = this->plan();
  EXPECT_EQ(plan.skipped.size(), kSkippedMax);
  EXPECT_EQ(plan.counts.at("skipped{reason=\"incomplete\"}"), 12'000);
  EXPECT_NE(skip_of(plan, "k/2020/10/31/11/bad"), nullptr) << "what is odd is kept first";
}

TEST_F(PrioPlans, OnlyTheWindowsAreListedInFewRequests) {
  PrioPlanner planner(scan_, kNow);
  auto listings = planner.listings();
  ASSERT_EQ(listings.size(), 1u);
  EXPECT_EQ(listings[0], (ScanListing{.source = "ingestion", .delimiter = "/"}));
  for (const auto* prefix : {"k/", "task-markers/", "k/"}) planner.prefix(listings[0], prefix);
  listings = planner.listings();
  ASSERT_EQ(listings.size(), 6u) << "the original makes 59 requests on S3 and 5 on GCS";
  EXPECT_EQ(listings[0], (ScanListing{.source = "ingestion",
                                      .prefix = "k/",
                                      .start_after = "k/2020/10/31/06/00",
                                      .end_before = "k/2020/10/31/09/00",
                                      .wants_times = true}));
  EXPECT_EQ(listings[2], (ScanListing{.source = "ingestion",
                                      .prefix = "k/",
                                      .start_after = "k/2020/10/31/11/00",
                                      .end_before = "k/2020/11/01/12/00"}));
  EXPECT_EQ(listings[3], (ScanListing{.source = "own",
                                      .prefix = "task-markers/intake-k-",
                                      .start_after = "task-markers/intake-k-2020-10-31-11-00",
                                      .end_before = "task-markers/intake-k-2020-11-01-12-00"}));
  EXPECT_TRUE(planner.listings().empty());
}

TEST_F(PrioPlans, WithoutThePeersKeysTheIntakeIsPlannedAllTheSame) {
  add_ingestion("k/2020/10/31/11/30/b");
  add_ingestion("k/2020/10/31/08/30/c");
  PrioPlanner planner(scan_, kNow);
  for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
    for (const ScanListing& listing : listings) {
      if (listing.source == "peer") continue;  // it could not be listed
      for (const auto& found : store_.list(listing)) feed(planner, found);
    }
  }
  const Plan plan = planner.finish();
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(plan.tasks[0].task, "take-in");
}

// Windows of three hours with a grace of one: at 12:00 the latest is 06:00 to 09:00.
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
}

TEST_F(PrioParts, AreNotMadeUnlessAskedFor) {
  scan_.oversized = OversizedAggregation::refuse;
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(plan.counts.at("skipped{reason=\"too_large\"}"), 1);
  EXPECT_NE(plan.warnings.at(0).find("--split-aggregations"), std::string::npos);
}

}  // namespace
}  // namespace waybill::prio
