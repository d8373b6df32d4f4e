#include "core/batches/planner.h"

#include <gtest/gtest.h>

#include "core/scan_fixture.h"

namespace waybill::batches {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kNow = *parse_time("2026-11-22T12:00:00Z");

class BatchPlans : public testing::Test {
 protected:
  Plan plan() { return plan_of(definition(), kNow, store_); }
  ScanDefinition definition() const { return {.name = "photos", .planner = scan_}; }

  void add_batch(const std::string& path, Time modified_at = {}) {
    for (const auto& part : scan_.parts) store_.add("east", path + "." + part, modified_at);
  }
  std::vector<std::pair<std::string, SkipReason>> skipped(const Plan& plan) {
    std::vector<std::pair<std::string, SkipReason>> result;
    for (const Skipped& skip : plan.skipped) result.emplace_back(skip.what, skip.reason);
    return result;
  }

  BatchScan scan_{.sources = {{"east", "file:///east"}},
                  .path = "{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}",
                  .parts = {"json", "tar"},
                  .task = "sort"};
  MemoryListing store_;
};

TEST_F(BatchPlans, ACompleteBatchBecomesATaskWithTheKeysOfItsParts) {
  add_batch("2026/11/22/11/30/b1");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u);
  const PlannedTask& task = plan.tasks[0];
  EXPECT_EQ(task.marker, "photos/east/2026/11/22/11/30/b1");
  EXPECT_EQ(task.id, uuid_v5(kTaskNamespace, task.marker));
  EXPECT_EQ(task.task, "sort");
  EXPECT_EQ(task.what, "batch east/2026/11/22/11/30/b1");
  EXPECT_EQ(task.params,
            R"({"source":"east","batch":"b1","time":"2026-11-22T11:30:00Z",)"
            R"("keys":{"json":"2026/11/22/11/30/b1.json","tar":"2026/11/22/11/30/b1.tar"}})");
}

TEST_F(BatchPlans, AMarkerKeepsItFromBeingPlannedAgain) {
  add_batch("2026/11/22/11/30/b1");
  store_.add(std::string(kMarkerSource), "task-markers/photos/east/2026/11/22/11/30/b1");
  store_.add(std::string(kMarkerSource), "task-markers/photos/east/2026/11/22/11/31/b2");
  const Plan plan = this->plan();
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(skipped(plan), (std::vector<std::pair<std::string, SkipReason>>{
                               {"east/2026/11/22/11/30/b1", SkipReason::already_marked}}));
}

TEST_F(BatchPlans, WhatIsNotNamedLikeAMarkerMarksNothing) {
  add_batch("2026/11/22/11/30/b1");
  for (const char* name :
       {"2026-11-22-11-30/b1", "2026/11/22/11/30-b1", "2026/11/22/1/130/b1", "//26/11/22/11/30/b1",
        "2026/11/22/11/30/", "2026/11/22/11/77/b1", "2026/11/22/11/30", "2026/b1", "b1"}) {
    store_.add(std::string(kMarkerSource), "task-markers/photos/east/" + std::string(name));
  }
  EXPECT_EQ(plan().tasks.size(), 1u);
  EXPECT_TRUE(plan().skipped.empty());
}

TEST_F(BatchPlans, EverythingElseIsSkippedWithItsReason) {
  scan_.window = hours(2);
  scan_.quiet_time = minutes(5);
  add_batch("2026/11/22/09/59/old");
  add_batch("2026/11/22/10/00/first");
  add_batch("2026/11/22/11/00/still", kNow - minutes(5));
  add_batch("2026/11/22/11/00/busy", kNow - minutes(5) + Duration(1));
  store_.add("east", "2026/11/22/11/00/half.json");
  store_.add("east", "2026/11/22/11/00/note.txt");
  store_.add("east", "2026/11/22/11/77/b.tar");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 2u);
  EXPECT_EQ(plan.tasks[0].what, "batch east/2026/11/22/10/00/first");
  EXPECT_EQ(plan.tasks[1].what, "batch east/2026/11/22/11/00/still");
  EXPECT_EQ(skipped(plan), (std::vector<std::pair<std::string, SkipReason>>{
                               {"2026/11/22/11/00/note.txt", SkipReason::unknown_part},
                               {"2026/11/22/11/77/b.tar", SkipReason::malformed_name},
                               {"east/2026/11/22/11/00/busy", SkipReason::quiet_time},
                               {"east/2026/11/22/11/00/half", SkipReason::incomplete}}));
  EXPECT_EQ(plan.skipped[3].detail, "missing tar");
  EXPECT_EQ(plan.counts.at("batches_found{source=\"east\"}"), 3);
  EXPECT_EQ(plan.counts.at("skipped{reason=\"quiet_time\"}"), 1);
}

TEST_F(BatchPlans, OldBatchesThatCannotBeLeftOutOfAListingAreOutsideTheWindow) {
  scan_.path = "{batch}/{yyyy}-{MM}-{dd}.{part}";
  scan_.window = hours(24);
  store_.add("east", "b1/2026-11-20.json");
  store_.add("east", "b2/2026-11-21.json");
  store_.add("east", "b2/2026-11-21.tar");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u) << "the day in which the window begins is within it";
  EXPECT_EQ(plan.tasks[0].what, "batch east/2026/11/21/b2");
  EXPECT_EQ(skipped(plan), (std::vector<std::pair<std::string, SkipReason>>{
                               {"east/2026/11/20/b1", SkipReason::outside_window}}));
}

TEST_F(BatchPlans, WithoutADateTheTimeIsNullAndTheMarkerHasNone) {
  scan_.path = "{batch}.{part}";
  add_batch("b1");
  store_.add("east", "task-markers/photos/east/b9");
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(plan.tasks[0].marker, "photos/east/b1");
  EXPECT_NE(plan.tasks[0].params.find("\"time\":null"), std::string::npos);
  EXPECT_TRUE(plan.skipped.empty()) << "markers are not batches, also in a source's own bucket";
}

TEST_F(BatchPlans, SourcesInOneBucketAreToldApartByThePath) {
  scan_.sources = {{"east", "file:///all"}, {"west", "file:///all"}};
  scan_.path = "{source}/{batch}.{part}";
  for (const auto* source : {"east", "west"}) {
    for (const auto* key : {"east/b1.json", "east/b1.tar", "west/b1.json", "west/b1.tar"}) {
      store_.add(source, key);
    }
  }
  const Plan plan = this->plan();
  ASSERT_EQ(plan.tasks.size(), 2u);
  EXPECT_EQ(plan.tasks[0].marker, "photos/east/b1");
  EXPECT_EQ(plan.tasks[1].marker, "photos/west/b1");
  EXPECT_TRUE(plan.skipped.empty());
}

TEST_F(BatchPlans, ListingsAreNarrowedToTheWindow) {
  scan_.window = hours(2);
  BatchPlanner planner("photos", scan_, kNow);
  const auto listings = planner.listings();
  ASSERT_EQ(listings.size(), 2u);
  EXPECT_EQ(listings[0], (ScanListing{.source = "east", .start_after = "2026/11/22/10/00"}));
  EXPECT_EQ(listings[1],
            (ScanListing{.source = std::string(kMarkerSource),
                         .prefix = "task-markers/photos/east/",
                         .start_after = "task-markers/photos/east/2026/11/22/10/00/"}));
  EXPECT_TRUE(planner.listings().empty());
}

}  // namespace
}  // namespace waybill::batches
