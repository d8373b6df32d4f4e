#include "core/scan_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/rng.h"
#include "core/prio/message.h"
#include "core/prio/window.h"
#include "core/scan_fixture.h"

// What holds for every planner, over random buckets.

namespace waybill {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kNow = *parse_time("2020-10-31T12:00:00Z");

std::string minute_path(Time time) {
  std::string text = format_time(time).substr(0, 16);
  for (char& c : text) c = c >= '0' && c <= '9' ? c : '/';
  return text;
}

/// A bucket of batches of which the test knows what is complete.
struct Drop {
  ScanDefinition scan;
  MemoryListing store;
  struct Batch {
    std::string source;  ///< aggregation id, or source
    Time time{};
    std::string id;
    bool complete = false;
    bool validated = false;

    std::string path() const { return source + '/' + minute_path(time) + '/' + id; }
    auto operator<=>(const Batch&) const = default;
  };
  std::set<Batch> batches;
};

const std::vector<std::string> kJunk = {"2020/10/31/11/61/b.batch", "2020/10/31/11/30/b.tmp",
                                        "2020/10/31/11", "2020/10/31/11/30/x/y.batch",
                                        "2020/10/31/11/30/"};

Drop prio_drop(Rng& rng) {
  Drop drop;
  PrioScan scan{.ingestion_url = "i",
                .own_url = "o",
                .peer_url = "p",
                .intake_max_age = hours(rng.below(8)),
                .aggregation_period = minutes(15 * (1 + rng.below(16))),
                .grace_period = minutes(30 * rng.below(4)),
                .catch_up = hours(rng.below(6)),
                .intake_task = "intake",
                .aggregate_task = "sum"};
  drop.scan = {.name = "prio", .planner = scan};
  static const std::vector<std::string> kIds = {"b1", "b2", "B3", "7df51646", "b\xc3\xa9"};
  static const std::vector<std::string> kAggregations = {"k", "k-b", "a b", ""};
  for (std::uint64_t i = rng.below(60); i > 0; --i) {
    Drop::Batch batch{.source = kAggregations[rng.below(kAggregations.size())],
                      .time = kNow - hours(8) + minutes(10 * rng.below(60)),
                      .id = kIds[rng.below(kIds.size())]};
    if (std::any_of(drop.batches.begin(), drop.batches.end(),
                    [&](const auto& other) { return other.path() == batch.path(); })) {
      continue;
    }
    batch.complete = rng.chance(0.8);
    batch.validated = rng.chance(0.6);
    const Time changed = kNow - minutes(rng.below(300));
    drop.store.add("ingestion", batch.path() + ".batch", changed);
    drop.store.add("ingestion", batch.path() + ".batch.avro", changed);
    if (batch.complete) drop.store.add("ingestion", batch.path() + ".batch.sig", changed);
    if (batch.validated) drop.store.add("peer", batch.path() + ".validity_0.sig", changed);
    if (rng.chance(0.1)) drop.store.add("ingestion", batch.source + '/' + kJunk[rng.below(5)]);
    if (rng.chance(0.1)) drop.store.add("peer", batch.source + '/' + kJunk[rng.below(5)]);
    drop.batches.insert(batch);
  }
  return drop;
}

Drop batch_drop(Rng& rng) {
  Drop drop;
  BatchScan scan{.sources = {{"east", "e"}, {"west", "w"}},
                 .path = "{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}",
                 .parts = {"batch", "batch.avro", "batch.sig"},
                 .quiet_time = minutes(rng.below(60)),
                 .window = hours(rng.below(8)),
                 .task = "sort"};
  drop.scan = {.name = "any", .planner = scan};
  for (std::uint64_t i = rng.below(60); i > 0; --i) {
    Drop::Batch batch{.source = rng.chance(0.5) ? "east" : "west",
                      .time = kNow - hours(8) + minutes(10 * rng.below(60)),
                      .id = "b" + std::to_string(i),
                      .complete = rng.chance(0.8)};
    const std::string path = batch.path().substr(5);
    const Time changed = kNow - minutes(rng.below(100));
    drop.store.add(batch.source, path + ".batch", changed);
    drop.store.add(batch.source, path + ".batch.avro", changed);
    if (batch.complete) drop.store.add(batch.source, path + ".batch.sig", changed);
    if (rng.chance(0.1)) drop.store.add(batch.source, kJunk[rng.below(5)]);
    drop.batches.insert(batch);
  }
  return drop;
}

Drop any_drop(Rng& rng) { return rng.chance(0.5) ? prio_drop(rng) : batch_drop(rng); }

std::string marker_bucket(const Drop& drop) {
  return std::holds_alternative<PrioScan>(drop.scan.planner) ? "own" : std::string(kMarkerSource);
}

void expect_equal(const Plan& a, const Plan& b) {
  RC_ASSERT(a.tasks == b.tasks);
  RC_ASSERT(a.skipped == b.skipped);
  RC_ASSERT(a.counts == b.counts);
  RC_ASSERT(a.warnings == b.warnings);
}

Rng any_rng() { return Rng(*rc::gen::arbitrary<std::uint64_t>()); }

RC_GTEST_PROP(EveryPlan, IsTheSameInAnyOrderOfTheKeysAndWithKeysTwice, ()) {
  Rng rng = any_rng();
  const Drop drop = any_drop(rng);
  const Plan straight = plan_of(drop.scan, kNow, drop.store);
  const Plan shuffled = plan_of(drop.scan, kNow, drop.store, [&](auto& found) {
    for (std::size_t i = found.size() / 3; i > 0; --i) {
      found.push_back(found[rng.below(found.size())]);
    }
    for (std::size_t i = found.size(); i > 1; --i) std::swap(found[i - 1], found[rng.below(i)]);
  });
  expect_equal(straight, shuffled);
}

RC_GTEST_PROP(EveryPlan, IsEmptyOnceItsMarkersAreThere, ()) {
  Rng rng = any_rng();
  Drop drop = any_drop(rng);
  for (const PlannedTask& task : plan_of(drop.scan, kNow, drop.store).tasks) {
    drop.store.add(marker_bucket(drop), std::string(kMarkerPrefix) + task.marker, kNow);
  }
  RC_ASSERT(plan_of(drop.scan, kNow, drop.store).tasks.empty());
}

RC_GTEST_PROP(EveryPlan, HasTasksOfDifferentMarkersAndIds, ()) {
  Rng rng = any_rng();
  const Drop drop = any_drop(rng);
  std::set<std::string> markers;
  std::set<Uuid> ids;
  const Plan plan = plan_of(drop.scan, kNow, drop.store);
  for (const PlannedTask& task : plan.tasks) {
    RC_ASSERT(markers.insert(task.marker).second);
    RC_ASSERT(ids.insert(task.id).second);
    RC_ASSERT(json::parse(task.params).has_value());
  }
}

/// I5: how many intake tasks or skips each complete batch of the window has.
RC_GTEST_PROP(EveryPlan, GivesACompleteBatchOfTheWindowOneTaskOrAReason, ()) {
  Rng rng = any_rng();
  Drop drop = any_drop(rng);
  const Plan first = plan_of(drop.scan, kNow, drop.store);
  for (const PlannedTask& task : first.tasks) {  // some are marked already
    if (rng.chance(0.5)) drop.store.add(marker_bucket(drop), "task-markers/" + task.marker);
  }
  const Plan plan = plan_of(drop.scan, kNow, drop.store);
  const auto* prio_scan = std::get_if<PrioScan>(&drop.scan.planner);
  for (const Drop::Batch& batch : drop.batches) {
    const Duration age = prio_scan != nullptr ? prio_scan->intake_max_age
                                              : std::get<BatchScan>(drop.scan.planner).window;
    const bool all = prio_scan == nullptr && age == Duration(0);
    if (!batch.complete || (batch.time < kNow - age && !all)) continue;
    const std::string what = prio_scan == nullptr ? "batch " + batch.path()
                                                  : "intake " + batch.source + ' ' +
                                                        minute_path(batch.time) + ' ' + batch.id;
    const auto tasks = std::count_if(plan.tasks.begin(), plan.tasks.end(),
                                     [&](const auto& task) { return task.what == what; });
    const auto skips = std::count_if(plan.skipped.begin(), plan.skipped.end(), [&](const auto& s) {
      return s.what == batch.path() &&
             (s.reason == SkipReason::already_marked || s.reason == SkipReason::quiet_time);
    });
    RC_ASSERT(tasks + skips == 1);
  }
}

RC_GTEST_PROP(EveryPlan, AggregatesEachValidatedBatchOnceHoweverTimeIsCut, ()) {
  Rng rng = any_rng();
  Drop drop = prio_drop(rng);
  PrioScan& scan = std::get<PrioScan>(drop.scan.planner);
  std::multiset<std::string> aggregated;
  // The clock goes on by a period at a time, until all windows have passed; sometimes a scan is
  // missed, and then the next ones catch up.
  scan.catch_up = 3 * scan.aggregation_period + scan.grace_period;
  const Time end = kNow + hours(12);
  for (Time now = kNow - hours(10); now < end; now += scan.aggregation_period) {
    if (rng.chance(0.2)) now += scan.aggregation_period;
    for (const PlannedTask& task : plan_of(drop.scan, now, drop.store).tasks) {
      drop.store.add("own", std::string(kMarkerPrefix) + task.marker, now);
      if (task.task != "sum") continue;
      const auto message = prio::decode_aggregate(task.params);
      RC_ASSERT(message.has_value());
      for (const auto& batch : message->batches) {
        RC_ASSERT(message->begin <= batch.time);
        RC_ASSERT(batch.time < message->end);
        aggregated.insert(message->aggregation_id + '/' + minute_path(batch.time) + '/' + batch.id);
      }
    }
  }
  std::multiset<std::string> expected;
  for (const Drop::Batch& batch : drop.batches) {
    if (batch.complete && batch.validated) expected.insert(batch.path());
  }
  RC_ASSERT(aggregated == expected);
}

TEST(ScanListing, HoldsKeysByBytes) {
  const ScanListing listing{
      .source = "s", .prefix = "k/", .start_after = "k/b", .end_before = "k/d"};
  EXPECT_FALSE(listing.holds("k/b"));
  EXPECT_TRUE(listing.holds("k/b0"));
  EXPECT_TRUE(listing.holds("k/c\xff"));
  EXPECT_FALSE(listing.holds("k/d"));
  EXPECT_FALSE(listing.holds("l/c"));
  EXPECT_TRUE((ScanListing{.prefix = "k/"}).holds("k/z"));
}

TEST(Labelled, EscapesAsPrometheusDoes) {
  EXPECT_EQ(labelled("found", "id", "a\\b\"c\nd"), R"(found{id="a\\b\"c\nd"})");
}

TEST(SkipReason, HasAName) {
  std::set<std::string_view> names;
  for (int i = 0; i < kSkipReasonCount; ++i) names.insert(to_string(static_cast<SkipReason>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kSkipReasonCount));
  EXPECT_EQ(to_string(SkipReason::too_large), "too_large");
}

TEST(Counts, GiveTheirLabelsBackWhateverIsInThem) {
  const std::string odd = "a\",window=\"x\\\n{}";
  const std::string name = also_labelled(labelled("late", "aggregation_id", odd), "window", "w");
  EXPECT_EQ(name, "late{aggregation_id=\"a\\\",window=\\\"x\\\\\\n{}\",window=\"w\"}");
  EXPECT_EQ(label_of(name, "aggregation_id"), odd);
  EXPECT_EQ(label_of(name, "window"), "w");
  EXPECT_EQ(label_of(name, "id"), "");
  EXPECT_EQ(label_of("late", "window"), "");
}

}  // namespace
}  // namespace waybill
