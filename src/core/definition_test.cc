#include "core/definition.h"

#include <gtest/gtest.h>

#include <functional>

namespace waybill {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

PrioScan good_prio() {
  return {.ingestion_url = "file:///i",
          .own_url = "file:///o",
          .peer_url = "file:///p",
          .intake_task = "intake",
          .aggregate_task = "sum"};
}
BatchScan good_batches() {
  return {.sources = {{"east", "file:///e"}},
          .path = "{yyyy}/{batch}.{part}",
          .parts = {"a"},
          .task = "t"};
}

/// What check_scan says; empty if it is content.
std::string verdict(ScanDefinition scan) {
  const Status status = check_scan(scan);
  return status ? "" : status.error().message;
}
std::string verdict(const std::function<void(PrioScan&)>& change) {
  PrioScan scan = good_prio();
  change(scan);
  return verdict({.name = "s", .planner = scan});
}
std::string verdict(const std::function<void(BatchScan&)>& change) {
  BatchScan scan = good_batches();
  change(scan);
  return verdict({.name = "s", .planner = scan});
}

TEST(CheckScan, AcceptsWhatIsRight) {
  EXPECT_EQ(verdict({.name = "s", .planner = good_prio()}), "");
  EXPECT_EQ(verdict({.name = "s", .planner = good_batches()}), "");
  EXPECT_EQ(verdict([](PrioScan& scan) { scan.intake_max_age = -hours(24); }), "");
  EXPECT_EQ(verdict([](PrioScan& scan) { scan.catch_up = hours(24 * 90); }), "");
}

TEST(CheckScan, NamesTheFieldAndWhatWouldBeRight) {
  EXPECT_EQ(verdict([](PrioScan& scan) { scan.aggregation_period = Duration(0); }),
            "aggregation_period is 0s; it must be between 1m and 876600h");
  EXPECT_EQ(verdict([](PrioScan& scan) { scan.aggregation_period = seconds(90); }),
            "aggregation_period is 1m30s; it must be whole minutes, which is all that object names "
            "tell");
  EXPECT_EQ(verdict([](PrioScan& scan) { scan.grace_period = -hours(3); }),
            "grace_period is -3h; it must be between 0s and 876600h");
  EXPECT_EQ(verdict([](PrioScan& scan) { scan.peer_url = ""; }), "peer_url is missing");
  EXPECT_TRUE(verdict([](PrioScan& scan) {
                scan.aggregation_period = minutes(1);
                scan.catch_up = hours(17);
              }).starts_with("catch_up spans 1020 aggregation periods; it must be under 1000"));
}

TEST(CheckScan, NamesTheFieldOfABatchScan) {
  EXPECT_TRUE(verdict([](BatchScan& scan) { scan.path = "{batch}"; }).starts_with("path: at byte"));
  EXPECT_TRUE(verdict([](BatchScan& scan) { scan.parts.clear(); }).starts_with("parts: "));
  EXPECT_TRUE(verdict([](BatchScan& scan) { scan.sources.clear(); }).starts_with("sources is"));
  EXPECT_TRUE(verdict([](BatchScan& scan) {
                scan.sources = {{"a/b", "u"}};
              }).starts_with("sources holds 'a/b'"));
  EXPECT_TRUE(verdict([](BatchScan& scan) {
                scan.sources = {{std::string(kMarkerSource), "u"}};
              }).starts_with("sources holds 'task-markers'"));
  EXPECT_EQ(verdict([](BatchScan& scan) {
              scan.sources = {{"a", "u"}, {"b", "u"}};
            }),
            "sources has the same bucket as 'a' and 'b': put {source} into the path to tell them "
            "apart");
  EXPECT_EQ(verdict([](BatchScan& scan) {
              scan.path = "{batch}.{part}";
              scan.window = hours(1);
            }),
            "window needs a date in the path, at least {yyyy}");
  EXPECT_EQ(verdict([](BatchScan& scan) { scan.task = ""; }), "task is missing");
}

TEST(CheckScan, RefusesNamesThatCannotBePartOfAMarker) {
  EXPECT_TRUE(verdict({.name = "a/b", .planner = good_prio()}).starts_with("name is 'a/b'"));
  EXPECT_TRUE(verdict({.name = "", .planner = good_prio()}).starts_with("name is ''"));
  EXPECT_TRUE(verdict({.name = "a", .planner = good_prio(), .every = Duration(1)})
                  .starts_with("every is 1us"));
}

TEST(MakeRequest, TakesWhatTheDefinitionSays) {
  const TaskDefinition definition{.name = "intake",
                                  .kind = "command",
                                  .queue = "fast",
                                  .spec = R"({"argv":["true"]})",
                                  .priority = 3,
                                  .run_time_max = minutes(2),
                                  .labels = {{"team", "a"}}};
  const TaskRequest request = make_request(definition, R"({"x":1})");
  EXPECT_EQ(request.definition, "intake");
  EXPECT_EQ(request.kind, "command");
  EXPECT_EQ(request.queue, "fast");
  EXPECT_EQ(request.spec, definition.spec);
  EXPECT_EQ(request.params, R"({"x":1})");
  EXPECT_EQ(request.priority, 3);
  EXPECT_EQ(request.run_time_max, minutes(2));
  EXPECT_EQ(request.labels, definition.labels);
  EXPECT_TRUE(request.dedup_key.empty());
}

}  // namespace
}  // namespace waybill
