#include "core/prio/planner.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/utf8.h"
#include "core/prio/message.h"
#include "core/warning_list.h"
#include "tests/scan/planner_fixture.h"

namespace waybill::prio {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

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

using Late = std::map<std::string, std::int64_t>;

/// What came too late for k, by window.
Late late(const Plan& plan) {
  Late found;
  for (const auto& [name, count] : plan.counts) {
    if (!name.starts_with("late_peer_validations_found{")) continue;
    EXPECT_EQ(label_of(name, "aggregation_id"), "k");
    found[label_of(name, "window")] = count;
  }
  return found;
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
  EXPECT_EQ(late(plan), (Late{{"2020/10/31/06/00 to 2020/10/31/09/00", 1}}));
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/00/early"), nullptr);
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/00/late")->reason, SkipReason::late_peer_validation);
  EXPECT_EQ(skip_of(plan, "k/2020/10/31/07/00/never")->detail,
            "missing validity_0.sig; its window was aggregated without it");
  add_marker(marker);
  EXPECT_EQ(late(this->plan()), Late{}) << "a store that tells no times cannot tell what is late";
}

TEST_F(PrioPlans, WhatThePeerValidatedTooLateIsFoundInEarlierWindowsOnlyWhereTheyAreListed) {
  const Time aggregated = kNow - hours(3);
  add_marker("aggregate-k-2020-10-31-03-00-2020-10-31-06-00", aggregated);
  add_ingestion("k/2020/10/31/04/00/late");
  add_validation("k/2020/10/31/04/00/late", aggregated + Duration(1));
  scan_.catch_up = hours(9);
  EXPECT_EQ(late(plan()), (Late{{"2020/10/31/03/00 to 2020/10/31/06/00", 1}}));
  EXPECT_TRUE(plan().tasks.empty());
  add_marker("aggregate-k-2020-10-31-06-00-2020-10-31-09-00", aggregated);
  for (const char* batch : {"k/2020/10/31/06/00/b1", "k/2020/10/31/08/59/b2"}) {
    add_ingestion(batch);
    add_validation(batch, aggregated + Duration(1));
  }
  EXPECT_EQ(late(plan()), (Late{{"2020/10/31/03/00 to 2020/10/31/06/00", 1},
                                {"2020/10/31/06/00 to 2020/10/31/09/00", 2}}));
  scan_.catch_up_from = CatchUpFrom::first_marker;
  EXPECT_EQ(late(plan()), (Late{{"2020/10/31/06/00 to 2020/10/31/09/00", 2}}));
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

Plan plan_with_markers_of(std::size_t bytes_max, const PrioScan& scan,
                          const MemoryListing& store) {
  PrioPlanner planner(scan, kNow, bytes_max);
  for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
    for (const ScanListing& listing : listings) {
      for (const auto& found : store.list(listing)) feed(planner, found);
    }
  }
  return planner.finish();
}

TEST_F(PrioPlans, WhatNoMarkerCanNameIsSkippedBeforeItIsPublished) {
  const std::string fits(60 - std::string("intake-k-2020-10-31-11-30-").size(), 'b');
  add_ingestion("k/2020/10/31/11/30/" + fits);
  add_ingestion("k/2020/10/31/11/30/" + fits + "b");
  const Plan plan = plan_with_markers_of(60, scan_, store_);
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(plan.tasks[0].marker.size(), 60u);
  EXPECT_EQ(plan.counts.at("skipped{reason=\"malformed_name\"}"), 1);
  EXPECT_EQ(count(plan, "malformed_names_found"), 1);
  const Skipped* skipped = skip_of(plan, "k/2020/10/31/11/30/" + fits + "b");
  ASSERT_NE(skipped, nullptr);
  EXPECT_EQ(skipped->detail,
            "its marker's name would have 61 bytes, and the bucket of markers takes 60: give the "
            "batch a shorter id");
}

TEST_F(PrioPlans, AnAggregateThatNoMarkerCanNameIsSkipped) {
  add_ingestion("k/2020/10/31/07/30/b");
  add_validation("k/2020/10/31/07/30/b");
  const std::size_t bytes = std::string("aggregate-k-2020-10-31-06-00-2020-10-31-09-00").size();
  EXPECT_EQ(plan_with_markers_of(bytes, scan_, store_).tasks.size(), 1u);
  const Plan plan = plan_with_markers_of(bytes - 1, scan_, store_);
  EXPECT_TRUE(plan.tasks.empty());
  const Skipped* skipped = skip_of(plan, "aggregate k 2020/10/31/06/00 to 2020/10/31/09/00");
  ASSERT_NE(skipped, nullptr);
  EXPECT_EQ(skipped->reason, SkipReason::malformed_name);
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

/// Keys of no minute sort before the first of their hour.
TEST_F(PrioPlans, MalformedMinutesAreFoundInEachHourThatIsLookedAt) {
  for (const char* when : {"11/-5", "08/-5", "07/-5", "06/-5", "06/+7", "11/ 5"}) {
    store_.add("ingestion", std::string("k/2020/10/31/") + when + "/b.batch");
  }
  store_.add("peer", "k/2020/10/31/06/-5/b.validity_0.sig");
  const Plan plan = this->plan();
  EXPECT_EQ(count(plan, "malformed_names_found"), 7);
  const Skipped* skipped = skip_of(plan, "k/2020/10/31/06/-5/b.batch");
  ASSERT_NE(skipped, nullptr);
  EXPECT_EQ(skipped->detail, "the minute '-5' is not two digits");
}

TEST_F(PrioPlans, MalformedMinutesAreFoundWhereTheScanBeginsWithinAnHour) {
  const Time later = kNow + std::chrono::minutes(10);
  store_.add("ingestion", "k/2020/10/31/11/-5/b.batch");
  add_ingestion("k/2020/10/31/11/09/too-old");
  const Plan plan = plan_of({.name = "prio", .planner = scan_}, later, store_);
  EXPECT_EQ(count(plan, "malformed_names_found"), 1);
  EXPECT_EQ(count(plan, "ingestions_found"), 0);
  EXPECT_TRUE(plan.tasks.empty());
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

TEST_F(PrioPlans, AnAggregationIdThatIsNotUtf8IsAMalformedNameShownEscaped) {
  const std::string id = "k\xff";
  add_ingestion(id + "/2020/10/31/08/30/b");
  add_validation(id + "/2020/10/31/08/30/b");
  add_ingestion(id + "/2020/10/31/11/30/b");
  store_.add("ingestion", "k/2020/10/31/11/30/\xc3.batch");
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(plan.counts.at("skipped{reason=\"malformed_name\"}"), 2);
  const Skipped expected[] = {
      {"k/2020/10/31/11/30/\\xc3.batch", SkipReason::malformed_name, "it is not UTF-8"},
      {"k\\xff/", SkipReason::malformed_name, "it is not UTF-8"}};
  ASSERT_EQ(plan.skipped.size(), 2u);
  EXPECT_EQ(plan.skipped[0], expected[0]);
  EXPECT_EQ(plan.skipped[1], expected[1]);
  for (const auto& [name, number] : plan.counts) EXPECT_TRUE(is_utf8(name)) << name;
}

TEST_F(PrioPlans, TheReasonOfAMalformedNameIsCutBetweenCharacters) {
  store_.add("ingestion",
             "k/2020/10/31/11/1\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4/b.batch");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.skipped.size(), 1u);
  EXPECT_TRUE(is_utf8(plan.skipped[0].detail)) << plan.skipped[0].detail;
}

TEST_F(PrioPlans, OfManyMalformedNamesTheFirstAreNamedAndAllCountedInAnyOrder) {
  constexpr int kNames = 2500;
  for (int i = 0; i < kNames; ++i) {
    store_.add("ingestion", "k/2020/10/31/11/x" + std::to_string(10'000 + i));
  }
  const Plan plan = this->plan();
  EXPECT_EQ(count(plan, "malformed_names_found"), kNames);
  EXPECT_EQ(plan.counts.at("skipped{reason=\"malformed_name\"}"), kNames);
  EXPECT_EQ(plan.skipped.size(), NameSample::kKeptMax);
  EXPECT_EQ(plan.skipped.back().what, "k/2020/10/31/11/x10999");
  EXPECT_EQ(plan.warnings,
            (std::vector<std::string>{"1500 more malformed names of aggregation k are counted, "
                                      "but not listed one by one"}));
  const Plan backwards = plan_of({.name = "prio", .planner = scan_}, kNow, store_,
                                 [](auto& found) { std::reverse(found.begin(), found.end()); });
  EXPECT_EQ(backwards.skipped, plan.skipped);
  EXPECT_EQ(backwards.counts, plan.counts);
  EXPECT_EQ(backwards.warnings, plan.warnings);
}

TEST_F(PrioPlans, OfManyWarningsTheFirstAreKeptAndTheRestCounted) {
  constexpr int kBatches = 1200;
  for (int i = 0; i < kBatches; ++i) {
    const std::string id = "2020-10-31-11-40-" + std::to_string(i);
    add_ingestion("x/2020/10/31/11/30/" + id);
    add_marker("intake-x-2020-10-31-11-30-" + id);
  }
  const Plan plan = this->plan();
  ASSERT_EQ(plan.warnings.size(), WarningList::kKeptMax + 1);
  EXPECT_EQ(plan.warnings.back(), "and 200 more such warnings");
  EXPECT_EQ(plan.counts.at("skipped{reason=\"ambiguous_marker\"}"), kBatches);
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
                                      .start_after = "k/2020/10/31/06",
                                      .end_before = "k/2020/10/31/09",
                                      .wants_times = true}));
  EXPECT_EQ(listings[1], (ScanListing{.source = "ingestion",
                                      .prefix = "k/",
                                      .start_after = "k/2020/10/31/11",
                                      .end_before = "k/2020/11/01/12"}));
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

}  // namespace
}  // namespace waybill::prio
