// Windows that are aggregated in parts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "services/scan.h"
#include "tests/scan/scan_fixture.h"
#include "tests/scan/stuck_bucket.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

/// Two batches of one window, each of which needs a message of its own, or fits into none.
class ScanPartsTest : public ScanFixture {
 protected:
  ScanPartsTest() {
    add_batch("06/10", "x");
    add_peer_validation("06/10", "x");
    add_batch("08/10", "y");
    add_peer_validation("08/10", "y");
    prio().intake_max_age = -24h;
    prio().aggregate_bytes_max = 220;
    prio().oversized = OversizedAggregation::split;
  }
  PrioScan& prio() { return std::get<PrioScan>(scan_.planner); }

  const std::string whole_ = "task-markers/aggregate-kittens-2026-11-22-06-00-2026-11-22-09-00";
};

TEST_F(ScanPartsTest, MarksTheWindowWhenAllOfItsPartsAreMarked) {
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(report->count(MarkerOutcome::written), 2);
  EXPECT_TRUE(markers().contains(whole_));
  EXPECT_EQ(markers().size(), 3u);
  EXPECT_THAT(run()->tasks, IsEmpty());
}

TEST_F(ScanPartsTest, LeavesTheWindowOpenWhileAPartHasNoMarker) {
  const auto dry = run({.mode = ScanMode::dry_run});
  ASSERT_EQ(dry->tasks.size(), 2u);
  const auto own = buckets_.at("fake:///own");
  const std::string second = "task-markers/" + dry->tasks[1].planned.marker;
  buckets_["fake:///own"] = std::make_shared<StuckBucket>(own, second);
  const auto stuck = run();
  EXPECT_FALSE(stuck->complete());
  EXPECT_FALSE(stuck->settled());
  EXPECT_FALSE(markers().contains(whole_));

  buckets_["fake:///own"] = own;
  EXPECT_TRUE(run()->complete());
  EXPECT_TRUE(markers().contains(whole_));
}

TEST_F(ScanPartsTest, IsNotCompleteWhileTheWindowsMarkerCannotBeWritten) {
  const auto own = buckets_.at("fake:///own");
  buckets_["fake:///own"] = std::make_shared<StuckBucket>(own, whole_);
  const auto stuck = run();
  ASSERT_TRUE(stuck);
  EXPECT_EQ(stuck->count(MarkerOutcome::written), 2);
  EXPECT_FALSE(stuck->complete());
  EXPECT_FALSE(stuck->settled());
  EXPECT_THAT(stuck->warnings, testing::Contains(HasSubstr("not yours")));

  buckets_["fake:///own"] = own;
  EXPECT_TRUE(run()->complete()) << "a window whose parts are all there is closed without a task";
  EXPECT_TRUE(markers().contains(whole_));
}

TEST_F(ScanPartsTest, ClosesNoWindowOfWhichAPartIsRefused) {
  ScanPorts strict = ports();
  strict.check_task = [](const TaskRequest& request) -> Status {
    if (request.params.find("\"y\"") != std::string::npos) {
      return fail(Code::invalid_argument, "no y");
    }
    return {};
  };
  const auto report = run_scan(scan_, tasks_, strict);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_TRUE(report->settled()) << "trying again does not help";
  EXPECT_FALSE(markers().contains(whole_));
}

/// A task for the whole window is made, its marker is lost, and then the window outgrows a task.
TEST_F(ScanPartsTest, MakesNoPartsOfAWindowThatATaskHasAlready) {
  const auto own = buckets_.at("fake:///own");
  buckets_["fake:///own"] = std::make_shared<StuckBucket>(own, whole_);
  prio().aggregate_bytes_max = 10'000;
  ASSERT_EQ(run()->count(ScanOutcome::inserted), 1);
  ASSERT_THAT(markers(), IsEmpty());
  const std::vector<Task> before = tasks_in_ledger();

  prio().aggregate_bytes_max = 220;
  const auto stuck = run();
  EXPECT_FALSE(stuck->complete()) << "its marker cannot be written yet";
  EXPECT_THAT(stuck->warnings, testing::Not(testing::Contains(HasSubstr("is written again"))));
  EXPECT_EQ(tasks_in_ledger().size(), 1u);

  buckets_["fake:///own"] = own;
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(report->count(ScanOutcome::duplicate), 2);
  EXPECT_EQ(report->tasks[0].id, before[0].id());
  EXPECT_EQ(std::ranges::count_if(report->warnings,
                                  [&](const std::string& warning) {
                                    return warning.find(to_string(before[0].id())) != warning.npos;
                                  }),
            1)
      << "once, not for each part";
  EXPECT_EQ(tasks_in_ledger().size(), 1u);
  EXPECT_EQ(markers(), std::set<std::string>{whole_});
  EXPECT_THAT(run()->tasks, IsEmpty());
}

TEST_F(ScanPartsTest, MakesNoPartsOfAPartThatATaskHasAlready) {
  prio().aggregate_bytes_max = 262;  // two batches
  add_batch("06/50", "x2");
  add_peer_validation("06/50", "x2");
  const auto own = buckets_.at("fake:///own");
  const std::string half = whole_ + "-part-2026-11-22-06-00-2026-11-22-07-30";
  buckets_["fake:///own"] = std::make_shared<StuckBucket>(own, half);
  ASSERT_EQ(run()->count(ScanOutcome::inserted), 2);
  ASSERT_EQ(markers().size(), 1u) << "one half's marker is lost";

  prio().aggregate_bytes_max = 220;
  buckets_["fake:///own"] = own;
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(tasks_in_ledger().size(), 2u);
  EXPECT_EQ(markers().size(), 3u);
  EXPECT_TRUE(markers().contains(half));
  EXPECT_TRUE(markers().contains(whole_));
}

TEST_F(ScanPartsTest, InsertsNoPartWhileTheLedgerCannotSayWhetherItsWindowIsTaken) {
  struct Blind final : DedupKeys {
    Result<Uuid> holder(const std::string&) override { return fail(Code::unavailable, "busy"); }
  } blind;
  ScanPorts blinded = ports();
  blinded.dedup_keys = &blind;
  const auto report = run_scan(scan_, tasks_, blinded);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->count(ScanOutcome::failed), 2);
  EXPECT_THAT(report->tasks[0].error, HasSubstr("busy"));
  EXPECT_THAT(tasks_in_ledger(), IsEmpty());
  EXPECT_THAT(markers(), IsEmpty());
}

TEST_F(ScanPartsTest, IsNotCompleteWhenAnAggregateFitsIntoNoTask) {
  prio().oversized = OversizedAggregation::refuse;
  for (const ScanMode mode : {ScanMode::dry_run, ScanMode::real}) {
    const auto report = run({.mode = mode});
    ASSERT_TRUE(report);
    EXPECT_THAT(report->tasks, IsEmpty());
    EXPECT_EQ(report->too_large(), 1);
    EXPECT_FALSE(report->complete());
    EXPECT_TRUE(report->settled()) << "trying again does not help";
    EXPECT_THAT(report->warnings, testing::Contains(HasSubstr("split_aggregations: true")));
  }
  EXPECT_THAT(markers(), IsEmpty());
}

}  // namespace
}  // namespace waybill
