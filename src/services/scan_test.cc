#include "services/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/mutex.h"
#include "services/scanner.h"
#include "testing/forwarding_bucket.h"
#include "tests/scan/scan_fixture.h"
#include "tests/scan/stuck_bucket.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class ScanTest : public ScanFixture {};

TEST_F(ScanTest, AcceptsEachPlannedTaskAndThenWritesItsMarker) {
  add_four_tasks();
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(report->tasks.size(), kTasks);
  EXPECT_EQ(report->count(ScanOutcome::inserted), 4);
  EXPECT_EQ(report->count(MarkerOutcome::written), 4);
  expect_all_accepted_and_marked(kTasks);
}

TEST_F(ScanTest, MakesATaskOfItsDefinitionUnderItsMarkerForEver) {
  add_batch("11/30", "b8a5579a-f984-460a-a42d-2813cbf57771");
  const std::string marker = "intake-kittens-2026-11-22-11-30-b8a5579a-f984-460a-a42d-2813cbf57771";
  ASSERT_TRUE(run());
  const std::vector<Task> tasks = tasks_in_ledger();
  ASSERT_EQ(tasks.size(), 1u);
  const TaskRequest& request = tasks[0].request;
  EXPECT_EQ(request.dedup_key, "fake:///own/task-markers/" + marker);
  EXPECT_EQ(request.id, uuid_v5(kTaskNamespace, request.dedup_key));
  EXPECT_EQ(request.dedup_scope, DedupScope::forever);
  EXPECT_EQ(request.definition, "intake");
  EXPECT_EQ(request.queue, "in");
  EXPECT_EQ(request.labels, (Labels{{"a", "b"}}));
  EXPECT_EQ(request.created_by, "scan:drop");
  EXPECT_THAT(request.params, HasSubstr(R"("aggregation-id":"kittens")"));
  EXPECT_EQ(bucket("own").get("task-markers/" + marker), marker);
}

TEST_F(ScanTest, FindsNothingToDoTheSecondTimeAndSaysWhy) {
  add_four_tasks();
  ASSERT_TRUE(run());
  const auto again = run();
  ASSERT_TRUE(again);
  EXPECT_THAT(again->tasks, IsEmpty());
  EXPECT_EQ(std::count_if(again->skipped.begin(), again->skipped.end(),
                          [](const Skipped& skipped) {
                            return skipped.reason == SkipReason::already_marked;
                          }),
            4);
  expect_all_accepted_and_marked(kTasks);
}

TEST_F(ScanTest, WritesNothingAtAllInADryRun) {
  add_four_tasks();
  const auto report = run({.mode = ScanMode::dry_run});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->tasks.size(), kTasks);
  EXPECT_EQ(report->count(ScanOutcome::planned), 4);
  EXPECT_TRUE(report->complete());
  EXPECT_THAT(tasks_in_ledger(), IsEmpty());
  EXPECT_THAT(markers(), IsEmpty());
}

TEST_F(ScanTest, IsMadeForTheTimeThatItIsGiven) {
  add_four_tasks();
  const auto report = run({.now = clock_.now() + 24h * 365});
  ASSERT_TRUE(report);
  EXPECT_THAT(report->tasks, IsEmpty());
  EXPECT_EQ(report->now, clock_.now() + 24h * 365);
}

TEST_F(ScanTest, NamesATaskDefinitionThatIsMissingBeforeAnythingIsWritten) {
  add_four_tasks();
  tasks_.erase("aggregate");
  const auto report = run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::not_found);
  EXPECT_THAT(report.error().message, HasSubstr("scan drop"));
  EXPECT_THAT(report.error().message, HasSubstr("'aggregate'"));
  EXPECT_THAT(tasks_in_ledger(), IsEmpty());
}

TEST_F(ScanTest, NamesABucketThatIsMissingEvenWhileNothingAsksForIt) {
  buckets_.erase("fake:///peer");
  const auto report = run({.mode = ScanMode::dry_run});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("fake:///peer"));
}

TEST_F(ScanTest, NamesABucketThatIsMissingBeforeAnythingIsWritten) {
  add_four_tasks();
  for (const char* url : {"fake:///ingestion", "fake:///own", "fake:///peer"}) {
    const auto kept = buckets_.extract(url);
    const auto report = run();
    ASSERT_FALSE(report) << url;
    EXPECT_EQ(report.error().code, Code::not_found);
    EXPECT_THAT(report.error().message, HasSubstr(url));
    EXPECT_THAT(tasks_in_ledger(), IsEmpty());
    buckets_[url] = kept.mapped();
  }
}

TEST_F(ScanTest, WritesTheOtherMarkersWhenOneFailsAndThatOneTheNextTime) {
  add_four_tasks();
  const auto own = buckets_.at("fake:///own");
  const std::string stuck =
      "task-markers/intake-kittens-2026-11-22-07-30-783bee00-befb-572a-bb2c-a9aa72c0b988";
  buckets_["fake:///own"] = std::make_shared<StuckBucket>(own, stuck);
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->count(ScanOutcome::inserted), 4);
  EXPECT_EQ(report->count(MarkerOutcome::written), 3);
  EXPECT_EQ(report->count(MarkerOutcome::failed), 1);
  EXPECT_EQ(markers().count(stuck), 0u);

  buckets_["fake:///own"] = own;
  const auto again = run();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->complete());
  EXPECT_EQ(again->count(ScanOutcome::duplicate), 1);
  EXPECT_EQ(again->count(MarkerOutcome::written), 1);
  expect_all_accepted_and_marked(kTasks);
}

/// A bucket far away: each write takes a while. Those after the first wait until two are under way.
class FarBucket final : public ForwardingBucket {
 public:
  FarBucket(ObjectStore& inner, SimClock& clock) : ForwardingBucket(inner), clock_(clock) {}

  Status put_if_absent(const std::string& key, std::string_view body) override {
    if (!began_.exchange(true)) {
      clock_.advance(20ms);
    } else {
      Lock lock(mutex_);
      if (++inside_ >= 2) met_ = true;
      changed_.notify_all();
      while (!met_) changed_.wait(lock);
    }
    return ForwardingBucket::put_if_absent(key, body);
  }

 private:
  SimClock& clock_;
  std::atomic<bool> began_ = false;
  Mutex mutex_;
  Condition changed_;
  int inside_ GUARDED_BY(mutex_) = 0;
  bool met_ GUARDED_BY(mutex_) = false;
};

TEST_F(ScanTest, WritesMarkersSideBySideWhereTheBucketIsFarAway) {
  add_four_tasks();
  const auto own = buckets_["fake:///own"];
  buckets_["fake:///own"] = std::make_shared<FarBucket>(*own, clock_);
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->complete());
  expect_all_accepted_and_marked(kTasks);
}

/// A bucket whose requests end with the process: what a stop leaves unwritten is no failure.
class StoppedBucket final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;
  Status put_if_absent(const std::string&, std::string_view) override {
    return fail(Code::cancelled, "stopped");
  }
};

TEST_F(ScanTest, AMarkerThatAStopCutOffIsLeftToTheNextTime) {
  add_four_tasks();
  const auto own = buckets_["fake:///own"];
  buckets_["fake:///own"] = std::make_shared<StoppedBucket>(*own);
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->count(MarkerOutcome::failed), 0);
  buckets_["fake:///own"] = own;
  EXPECT_TRUE(run()->complete());
  expect_all_accepted_and_marked(kTasks);
}

TEST_F(ScanTest, LeavesUnmarkedWhatItsKindRefusesAndAcceptsTheRest) {
  add_four_tasks();
  ScanPorts strict = ports();
  strict.check_task = [](const TaskRequest& request) -> Status {
    if (request.definition == "aggregate") return fail(Code::invalid_argument, "no such program");
    return {};
  };
  const auto report = run_scan(scan_, tasks_, strict);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->count(ScanOutcome::failed), 1);
  const ScannedTask& refused = report->tasks.back();
  EXPECT_EQ(refused.planned.task, "aggregate");
  EXPECT_EQ(refused.error, "no such program");
  EXPECT_EQ(refused.marker, MarkerOutcome::none);
  EXPECT_EQ(report->refused(), 1);
  EXPECT_TRUE(report->settled()) << "trying again does not help";
  expect_all_accepted_and_marked(3);
}

TEST_F(ScanTest, ADryRunTellsOfWhatItsKindWouldRefuse) {
  add_four_tasks();
  ScanPorts strict = ports();
  strict.check_task = [](const TaskRequest& request) -> Status {
    if (request.definition == "aggregate") return fail(Code::invalid_argument, "no such program");
    return {};
  };
  const auto report = run_scan(scan_, tasks_, strict, {.mode = ScanMode::dry_run});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->count(ScanOutcome::planned), 3);
  EXPECT_EQ(report->refused(), 1);
  EXPECT_EQ(report->tasks.back().error, "no such program");
  EXPECT_THAT(tasks_in_ledger(), IsEmpty());
}

TEST_F(ScanTest, StopsBetweenPiecesWhenAskedTo) {
  add_four_tasks();
  std::stop_source stop;
  ScanOptions options{.insert_batch = 1, .stop = stop.get_token()};
  options.progress = [&](ScanPhase phase, std::int64_t done, std::int64_t) {
    if (phase == ScanPhase::insert && done == 2) stop.request_stop();
  };
  const auto report = run(options);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->count(ScanOutcome::inserted), 2);
  EXPECT_EQ(report->count(ScanOutcome::planned), 2);
  EXPECT_TRUE(run()->complete());
  expect_all_accepted_and_marked(kTasks);
}

TEST_F(ScanTest, TellsHowFarEachPhaseIs) {
  add_four_tasks();
  std::vector<std::string> told;
  ASSERT_TRUE(run({.progress = [&](ScanPhase phase, std::int64_t done, std::int64_t total) {
    if (phase == ScanPhase::list) return;
    told.push_back(std::string(to_string(phase)) + " " + std::to_string(done) + "/" +
                   std::to_string(total));
  }}));
  EXPECT_THAT(told, testing::ElementsAre("plan 4/4", "insert 4/4", "mark 4/4"));
}

TEST_F(ScanTest, OfBatchesWaitsForTheirQuietTimeAndMarksThemWhereItIsTold) {
  scan_.planner = BatchScan{.sources = {{"east", "fake:///ingestion"}},
                            .path = "{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}",
                            .parts = {"json", "tar"},
                            .marker_url = "fake:///own",
                            .quiet_time = 5min,
                            .task = "intake"};
  for (const char* part : {"json", "tar"}) {
    ASSERT_TRUE(bucket("ingestion").put(std::string("2026/11/22/11/30/b1.") + part, ""));
  }
  const auto early = run();
  ASSERT_TRUE(early) << early.error().message;
  EXPECT_THAT(early->tasks, IsEmpty());
  EXPECT_EQ(early->skipped.at(0).reason, SkipReason::quiet_time);
  clock_.advance(5min);
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  expect_all_accepted_and_marked(1);
  EXPECT_THAT(run()->tasks, IsEmpty());
}

TEST_F(ScanTest, IsNotKeptOutByAScanOfAnotherBucketWhoseMarkersHaveTheSameNames) {
  add_four_tasks();
  ASSERT_TRUE(run());
  scan_.name = "other";
  std::get<PrioScan>(scan_.planner).own_url = "fake:///elsewhere";
  const auto other = run();
  ASSERT_TRUE(other);
  EXPECT_EQ(other->count(ScanOutcome::inserted), static_cast<std::int64_t>(kTasks));
  EXPECT_EQ(tasks_in_ledger().size(), 2 * kTasks);
}

TEST_F(ScanTest, IsRepeatedByTheScannerAtItsOwnPaceWhateverOthersDo) {
  scan_.every = 1min;
  ScanDefinition broken = scan_;
  broken.name = "broken";
  broken.every = 10min;
  std::get<PrioScan>(broken.planner).peer_url = "fake:///nowhere";
  std::vector<std::string> seen;
  Definitions all;
  all.scans = {{"drop", scan_}, {"broken", broken}};
  all.tasks = tasks_;
  const auto see = [&](const std::string& scan, const Result<ScanReport>& report) {
    seen.push_back(report ? report->scan : scan + " failed");
  };
  Scanner scanner(ports(), {.definitions = always(all), .observer = see});
  for (int step = 0; step < 5; ++step) {
    const auto wait = scanner.step({});
    ASSERT_TRUE(wait);
    if (step == 2) add_four_tasks();
    clock_.advance(*wait);
  }
  EXPECT_THAT(seen, testing::ElementsAre("broken failed", "drop", "drop", "drop", "drop"));
  expect_all_accepted_and_marked(kTasks);
}

TEST_F(ScanTest, OthersAreScannedOnceDefinitionsAreOthers) {
  scan_.every = 1min;
  auto current = std::make_shared<Definitions>();
  current->scans = {{"drop", scan_}};
  current->tasks = tasks_;
  std::vector<std::string> seen;
  Scanner scanner(ports(), {.definitions = [&] { return current; },
                            .look_every = 5s,
                            .observer =
                                [&](const std::string&, const Result<ScanReport>& report) {
                                  seen.push_back(report ? report->scan : "failed");
                                }});
  const auto wait = scanner.step({});
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait, Duration(5s));
  auto next = std::make_shared<Definitions>(*current);
  scan_.name = "other";
  next->scans.emplace("other", scan_);
  current = next;
  clock_.advance(*wait);
  ASSERT_TRUE(scanner.step({}));  // the other one at once; the first keeps its turn
  EXPECT_THAT(seen, testing::ElementsAre("drop", "other"));
  auto none = std::make_shared<Definitions>();
  current = none;
  clock_.advance(2min);
  ASSERT_TRUE(scanner.step({}));
  EXPECT_THAT(seen, testing::ElementsAre("drop", "other"));
}

}  // namespace
}  // namespace waybill
