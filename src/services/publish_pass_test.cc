#include "services/publish_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "services/counted_store.h"
#include "testing/forwarding_bucket.h"
#include "tests/publish/publish_fixture.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class PublishPassTest : public PublishFixture {};

/// A bucket whose answers a case decides: none means that the real one answers.
class PickyBucket final : public ForwardingBucket {
 public:
  using Veto = std::function<Status(std::string_view call, std::string_view key)>;
  PickyBucket(ObjectStore& inner, Veto veto) : ForwardingBucket(inner), veto_(std::move(veto)) {}

  Result<ListPage> list(const ListParams& params) override {
    if (Status vetoed = veto_("list", params.prefix); !vetoed) return fail(vetoed.error());
    return inner_.list(params);
  }
  Status put(const std::string& key, std::string_view body) override {
    if (Status vetoed = veto_("put", key); !vetoed) return vetoed;
    return inner_.put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    if (Status vetoed = veto_("put", key); !vetoed) return vetoed;
    return inner_.put_if_absent(key, body);
  }

 private:
  const Veto veto_;
};

Status refuse() { return fail(Code::permission_denied, "not yours"); }

TEST_F(PublishPassTest, PublishesEachTaskOnceAndThenMarksIt) {
  add_tasks();
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(report->tally.published, 5);
  EXPECT_EQ(report->tally.marked, 5);
  EXPECT_EQ(report->counts.at("intake_tasks_scheduled{aggregation_id=\"kittens\"}"), 4);
  EXPECT_EQ(report->counts.at("aggregation_tasks_scheduled{aggregation_id=\"kittens\"}"), 1);
  EXPECT_EQ(report->counts.at("number_of_batches_in_aggregation{aggregation_id=\"kittens\"}"), 2);
  EXPECT_EQ(intake_.size(), 4u);
  EXPECT_EQ(aggregate_.size(), 1u);
  expect_all_done(kTasks);
}

/// A bucket that gives the same two pages of a listing for ever.
class RoundBucket final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;

  Result<ListPage> list(const ListParams& params) override {
    ++calls;
    ListPage page;
    page.next_token = params.token == "a" ? "b" : "a";
    return page;
  }

  int calls = 0;
};

TEST_F(PublishPassTest, AListingThatGoesRoundFailsInsteadOfGoingOnForEver) {
  add_tasks();
  RoundBucket peer(peer_);
  PublishPorts all{.ingestion = ingestion_,
                   .own = own_,
                   .peer = peer,
                   .intake = &intake_,
                   .aggregate = &aggregate_,
                   .clock = clock_};
  const auto report = run_publish_pass(all, options());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tally.published, 4) << "the intake does not depend on it";
  ASSERT_EQ(report->list_errors.size(), 1u);
  EXPECT_THAT(report->list_errors[0], HasSubstr("goes round"));
  EXPECT_EQ(peer.calls, 3);
}

TEST_F(PublishPassTest, DoesNothingTheSecondTime) {
  add_tasks();
  ASSERT_TRUE(run());
  const auto again = run();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->complete());
  EXPECT_EQ(again->tally.published, 0);
  EXPECT_EQ(again->counts.count("intake_tasks_scheduled{aggregation_id=\"kittens\"}"), 0u);
  EXPECT_EQ(again->counts.at("intake_tasks_skipped_due_to_marker{aggregation_id=\"kittens\"}"), 4);
  expect_all_done(kTasks);
}

TEST_F(PublishPassTest, WritesNothingAtAllInADryRun) {
  add_tasks();
  PublishOptions dry = options();
  dry.mode = PublishMode::dry_run;
  const auto report =
      run_publish_pass({.ingestion = ingestion_, .own = own_, .peer = peer_, .clock = clock_}, dry);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(report->tasks->size(), kTasks);
  EXPECT_EQ(own_.size(), 0u);
  EXPECT_THAT(published(), IsEmpty());
}

TEST_F(PublishPassTest, LeavesAllToTheScannerThatIsAtWork) {
  add_tasks();
  ScanLock other(own_, clock_, {.holder = "other", .token = "other"});
  ASSERT_EQ(*other.acquire({}), ScanLock::Outcome::acquired);
  std::jthread time([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      clock_.advance_if_idle(100ms, 2);  // the holder that renews, and the pass that watches
      std::this_thread::yield();
    }
  });
  const auto report = run();
  time.request_stop();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->locked_out());
  EXPECT_EQ(report->rival, "other");
  EXPECT_THAT(published(), IsEmpty());
}

TEST_F(PublishPassTest, TakesInWhatItCanWhenThePeersBucketCannotBeListed) {
  add_tasks();
  PickyBucket peer(peer_, [](std::string_view, std::string_view) { return refuse(); });
  PublishPorts broken{.ingestion = ingestion_,
                      .own = own_,
                      .peer = peer,
                      .intake = &intake_,
                      .aggregate = &aggregate_,
                      .clock = clock_};
  const auto report = run_publish_pass(broken, options());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_THAT(report->list_errors.at(0), HasSubstr("fake:///peer: not yours"));
  EXPECT_EQ(intake_.size(), 4u);
  EXPECT_EQ(aggregate_.size(), 0u);
  EXPECT_TRUE(run()->complete());
  expect_all_done(kTasks);
}

TEST_F(PublishPassTest, NamesABucketThatIsMissingEvenWhileNothingAsksForIt) {
  PickyBucket peer(peer_, [](std::string_view, std::string_view) { return refuse(); });
  PublishPorts broken{.ingestion = ingestion_,
                      .own = own_,
                      .peer = peer,
                      .intake = &intake_,
                      .aggregate = &aggregate_,
                      .clock = clock_};
  const auto report = run_publish_pass(broken, options());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("fake:///peer"));
}

TEST_F(PublishPassTest, EndsWhereTheAggregationIdsCannotBeHad) {
  PickyBucket ingestion(ingestion_, [](std::string_view, std::string_view) { return refuse(); });
  PublishPorts broken{.ingestion = ingestion,
                      .own = own_,
                      .peer = peer_,
                      .intake = &intake_,
                      .aggregate = &aggregate_,
                      .clock = clock_};
  const auto report = run_publish_pass(broken, options());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("unable to discover aggregation IDs"));
  EXPECT_EQ(own_.size(), 0u) << "the lock is released";
}

TEST_F(PublishPassTest, WritesTheOtherMarkersWhenOneFailsAndPublishesThatTaskAgain) {
  add_tasks();
  const std::string stuck = "task-markers/intake-kittens-2026-11-22-11-30-b";
  PickyBucket own(own_, [&](std::string_view call, std::string_view key) {
    return call == "put" && key == stuck ? refuse() : Status{};
  });
  PublishPorts broken{.ingestion = ingestion_,
                      .own = own,
                      .peer = peer_,
                      .intake = &intake_,
                      .aggregate = &aggregate_,
                      .clock = clock_};
  const auto report = run_publish_pass(broken, options());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->tally.published, 5);
  EXPECT_EQ(report->tally.marker_failed, 1);
  EXPECT_EQ(report->counts.at("intake_tasks_scheduled{aggregation_id=\"kittens\"}"), 3);
  const auto again = run();
  EXPECT_TRUE(again->complete());
  EXPECT_EQ(again->tally.published, 1);
  expect_all_done(kTasks, 2);
}

TEST_F(PublishPassTest, MarksNothingThatWasNotPublished) {
  add_tasks();
  FakeQueue full(clock_, {.messages_max = 2});
  PublishPorts narrow = ports();
  narrow.intake = &full;
  const auto report = run_publish_pass(narrow, options());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->tally.publish_failed, 2);
  EXPECT_EQ(report->tally.published, 3);
  EXPECT_EQ(markers().size(), 3u);
}

TEST_F(PublishPassTest, RefusesAnAggregationOverTheQueuesLimitLoudly) {
  add_tasks();
  PublishOptions narrow = options();
  narrow.scan.aggregate_bytes_max = 200;
  const auto report = run_publish_pass(ports(), narrow);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_THAT(report->plan.warnings.at(0), HasSubstr("its 2 batches make a message of"));
  EXPECT_EQ(aggregate_.size(), 0u);
  EXPECT_EQ(report->tally.marked, 4);
}

TEST_F(PublishPassTest, ClosesAWindowInPartsWhenAllOfThemAreMarked) {
  add_validated("06/10", "x");
  add_validated("08/10", "y");
  PublishOptions narrow = options();
  narrow.scan.aggregate_bytes_max = 220;
  narrow.scan.oversized = OversizedAggregation::split;
  const std::string whole = "aggregate-kittens-2026-11-22-06-00-2026-11-22-09-00";
  const auto report = run_publish_pass(ports(), narrow);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(aggregate_.size(), 2u);
  EXPECT_TRUE(markers().contains(whole));
  EXPECT_EQ(markers().size(), 3u);
  EXPECT_EQ(run_publish_pass(ports(), narrow)->tally.published, 0);
}

TEST_F(PublishPassTest, StopsBetweenBatchesWhenAskedToAndMarksWhatWasPublished) {
  add_tasks();
  std::stop_source stop;
  PublishOptions stopping = options();
  stopping.stop = stop.get_token();
  stopping.progress = [&](PublishPhase phase, std::int64_t, std::int64_t) {
    if (phase == PublishPhase::publish) stop.request_stop();
  };
  const auto report = run_publish_pass(ports(), stopping);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->tally.published, 2);
  EXPECT_EQ(report->tally.marked, 2);
  EXPECT_EQ(report->tally.left, 3);
  EXPECT_EQ(markers().size(), 2u) << "the lock is released too";
  EXPECT_TRUE(run()->complete());
  expect_all_done(kTasks);
}

TEST_F(PublishPassTest, LooksAtEachMarkerAgainWhereNoLockCanBeTrusted) {
  add_tasks();
  FakeObjectStore plain(clock_, {.name = "own", .conditional_put = false});
  PublishPorts without{.ingestion = ingestion_,
                       .own = plain,
                       .peer = peer_,
                       .intake = &intake_,
                       .aggregate = &aggregate_,
                       .clock = clock_};
  PublishOptions raced = options();
  bool done = false;
  raced.progress = [&](PublishPhase phase, std::int64_t, std::int64_t) {
    if (phase != PublishPhase::publish || done) return;
    done = true;  // a rival is faster with one that was planned here too
    ASSERT_TRUE(plain.put("task-markers/intake-kittens-2026-11-22-11-30-c", "theirs"));
  };
  const auto report = run_publish_pass(without, raced);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->tally.duplicates_avoided, 1);
  EXPECT_EQ(report->tally.look_calls, 5);
  EXPECT_EQ(report->tally.published, 4);
}

TEST_F(PublishPassTest, CountsEachCallOfItsBucketsAndQueues) {
  add_tasks();
  for (const bool conditional_put : {true, false}) {
    FakeObjectStore plain(clock_, {.name = "own", .conditional_put = conditional_put});
    CountedStore ingestion(ingestion_);
    CountedStore own(plain);
    CountedStore peer(peer_);
    const auto report = run_publish_pass({.ingestion = ingestion,
                                          .own = own,
                                          .peer = peer,
                                          .intake = &intake_,
                                          .aggregate = &aggregate_,
                                          .clock = clock_},
                                         options());
    ASSERT_TRUE(report);
    const PublishTally& tally = report->tally;
    EXPECT_EQ(tally.list_calls + tally.marker_calls + tally.look_calls + tally.lock_calls,
              ingestion.calls() + own.calls() + peer.calls());
    EXPECT_EQ(tally.marker_calls, 5);
    EXPECT_EQ(tally.publish_calls, 3) << "two and two intakes, one aggregation";
    EXPECT_EQ(tally.look_calls, conditional_put ? 0 : 5);
    EXPECT_GE(tally.lock_calls, 2) << "taken and given back";
  }
}

TEST_F(PublishPassTest, DoesTheSameWithManyThreads) {
  for (int minute = 10; minute < 60; ++minute) {
    for (const char* id : {"a", "b", "c"}) add_batch("11/" + std::to_string(minute), id);
  }
  PublishOptions wide = options();
  wide.workers = 16;
  wide.list_workers = 4;
  wide.publish_batch = 7;
  const auto report = run_publish_pass(ports(), wide);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  expect_all_done(150);
}

}  // namespace
}  // namespace waybill
