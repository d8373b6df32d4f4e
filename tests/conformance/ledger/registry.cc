// Registry: queues, schedules, workers.

#include <gmock/gmock.h>

#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Schedule a_schedule(std::string name) {
  return {.name = std::move(name),
          .cron = "*/5 * * * *",
          .zone = "Europe/Berlin",
          .daylight = DaylightPolicy::both,
          .catch_up = CatchUp::all,
          .paused = true,
          .task = a_task(1).queue("q").params(R"({"n":1})").priority(4).label("a", "b"),
          .source = "definitions/nightly.yaml"};
}

TEST_P(LedgerConformance, ARegistryBeginsEmpty) {
  EXPECT_THAT(*registry().queues(), IsEmpty());
  EXPECT_THAT(*registry().schedules(), IsEmpty());
  EXPECT_THAT(*registry().workers(), IsEmpty());
}

TEST_P(LedgerConformance, QueueSettingsAreKeptReplacedAndListedByName) {
  const QueueSettings a{.name = "a",
                        .concurrency_max = 7,
                        .retention = {.succeeded = 1h, .failed = Duration(0), .cancelled = 3h}};
  const QueueSettings b{.name = "b"};
  ASSERT_TRUE(registry().put_queue(b));
  ASSERT_TRUE(registry().put_queue(a));
  EXPECT_THAT(*registry().queues(), ElementsAre(a, b));
  ASSERT_TRUE(registry().put_queue({.name = "a"}));
  EXPECT_THAT(*registry().queues(), ElementsAre(QueueSettings{.name = "a"}, b));
}

TEST_P(LedgerConformance, WhetherAQueueIsPausedAndItsSettingsNeverUndoEachOther) {
  const QueueSettings defined{.name = "a", .concurrency_max = 7, .retention = {.failed = 1h}};
  QueueSettings paused = defined;
  paused.paused = true;
  ASSERT_TRUE(registry().put_queue(defined));
  ASSERT_TRUE(registry().set_queue_paused("a", true));
  EXPECT_THAT(*registry().queues(), ElementsAre(paused));
  ASSERT_TRUE(registry().put_queue(defined));
  EXPECT_THAT(*registry().queues(), ElementsAre(paused));
  ASSERT_TRUE(registry().set_queue_paused("a", false));
  EXPECT_THAT(*registry().queues(), ElementsAre(defined));
}

TEST_P(LedgerConformance, AQueueThatIsPausedBeforeItHadSettingsHasTheDefaults) {
  ASSERT_TRUE(registry().set_queue_paused("a", true));
  EXPECT_THAT(*registry().queues(), ElementsAre(QueueSettings{.name = "a", .paused = true}));
}

TEST_P(LedgerConformance, AQueueThatHasTasksButNoSettingsIsNotConfigured) {
  insert_one(a_task(1));
  EXPECT_THAT(*registry().queues(), IsEmpty());
}

TEST_P(LedgerConformance, AScheduleIsKeptWithAllItsFieldsAndReplaced) {
  Schedule schedule = a_schedule("nightly");
  schedule.handled_until = clock_.now();
  ASSERT_TRUE(registry().put_schedule(schedule));
  EXPECT_THAT(*registry().schedules(), ElementsAre(schedule));
  schedule.cron = "@daily";
  schedule.paused = false;
  schedule.task.params = "{}";
  ASSERT_TRUE(registry().put_schedule(schedule));
  EXPECT_THAT(*registry().schedules(), ElementsAre(schedule));
}

TEST_P(LedgerConformance, AScheduleIsNeverUnsettled) {
  Schedule schedule = a_schedule("nightly");
  const Time settled = clock_.now();
  schedule.handled_until = settled;
  ASSERT_TRUE(registry().put_schedule(schedule));
  schedule.handled_until = settled - 1h;
  schedule.paused = false;
  ASSERT_TRUE(registry().put_schedule(schedule));
  EXPECT_EQ(registry().schedules()->at(0).handled_until, settled);
  EXPECT_FALSE(registry().schedules()->at(0).paused);
  ASSERT_TRUE(registry().settle_schedule("nightly", settled - 1min));
  EXPECT_EQ(registry().schedules()->at(0).handled_until, settled);
}

TEST_P(LedgerConformance, SettlingTouchesNothingElse) {
  Schedule schedule = a_schedule("nightly");
  ASSERT_TRUE(registry().put_schedule(schedule));
  ASSERT_TRUE(registry().settle_schedule("nightly", clock_.now()));
  schedule.handled_until = clock_.now();
  EXPECT_THAT(*registry().schedules(), ElementsAre(schedule));
}

TEST_P(LedgerConformance, APauseOfAScheduleIsKeptWhateverItsDefinitionSays) {
  Schedule schedule = a_schedule("nightly");
  schedule.handled_until = clock_.now();
  const SchedulePause pause{.at = clock_.now(), .by = "token:ann", .reason = "the disk is full"};
  schedule.pause = pause;
  ASSERT_TRUE(registry().put_schedule(schedule));
  EXPECT_FALSE(registry().schedules()->at(0).pause.is_set()) << "only a call of its own pauses it";
  ASSERT_TRUE(registry().pause_schedule("nightly", pause, clock_.now() + 1h));
  EXPECT_THAT(*registry().schedules(), ElementsAre(schedule)) << "nothing of it is settled";
  schedule.pause = {};
  schedule.cron = "@daily";
  ASSERT_TRUE(registry().put_schedule(schedule));
  schedule.pause = pause;
  EXPECT_THAT(*registry().schedules(), ElementsAre(schedule));
}

TEST_P(LedgerConformance, AScheduleThatGoesOnOwesNothingOfItsPause) {
  Schedule schedule = a_schedule("nightly");
  const Time settled = clock_.now();
  schedule.handled_until = settled;
  ASSERT_TRUE(registry().put_schedule(schedule));
  ASSERT_TRUE(registry().pause_schedule("nightly", {}, settled + 1h));
  EXPECT_EQ(registry().schedules()->at(0).handled_until, settled) << "it was not paused";
  ASSERT_TRUE(registry().pause_schedule("nightly", {.at = settled, .by = "ann"}, settled));
  ASSERT_TRUE(registry().pause_schedule("nightly", {}, settled - 1h));
  EXPECT_EQ(registry().schedules()->at(0).handled_until, settled) << "never back";
  ASSERT_TRUE(registry().pause_schedule("nightly", {.at = settled, .by = "ann"}, settled));
  ASSERT_TRUE(registry().pause_schedule("nightly", {}, settled + 1h));
  schedule.handled_until = settled + 1h;
  EXPECT_THAT(*registry().schedules(), ElementsAre(schedule));
  ASSERT_TRUE(registry().pause_schedule("nightly", {.at = settled, .by = "ann"}, settled));
  ASSERT_TRUE(registry().remove_schedule("nightly"));
  ASSERT_TRUE(registry().put_schedule(schedule));
  EXPECT_FALSE(registry().schedules()->at(0).pause.is_set()) << "a new one begins anew";
}

TEST_P(LedgerConformance, AScheduleThatIsNotThereIsNotFound) {
  EXPECT_EQ(registry().pause_schedule("nightly", {}, clock_.now()).error().code, Code::not_found);
  EXPECT_EQ(registry().remove_schedule("nightly").error().code, Code::not_found);
  EXPECT_EQ(registry().settle_schedule("nightly", clock_.now()).error().code, Code::not_found);
  EXPECT_THAT(*registry().schedules(), IsEmpty());
}

TEST_P(LedgerConformance, ARemovedScheduleIsGoneAndBeginsAnewWhenItIsPutAgain) {
  Schedule schedule = a_schedule("nightly");
  schedule.handled_until = clock_.now();
  ASSERT_TRUE(registry().put_schedule(schedule));
  ASSERT_TRUE(registry().put_schedule(a_schedule("weekly")));
  ASSERT_TRUE(registry().remove_schedule("nightly"));
  EXPECT_THAT(*registry().schedules(), ElementsAre(a_schedule("weekly")));
  schedule.handled_until = clock_.now() - 1h;
  ASSERT_TRUE(registry().put_schedule(schedule));
  EXPECT_THAT(*registry().schedules(), UnorderedElementsAre(schedule, a_schedule("weekly")));
}

TEST_P(LedgerConformance, AWorkerIsKeptAsItLastSaidWithTheTimeItWasSeen) {
  WorkerInfo worker{.name = "host-1-ab",
                    .host = "host",
                    .process_id = 17,
                    .version = "1.2.3",
                    .queues = {"a", "b"},
                    .kinds = {"command"},
                    .slots = 4,
                    .busy = 1,
                    .started_at = clock_.now() - 1h};
  ASSERT_TRUE(registry().put_worker(worker));
  clock_.advance(10s);
  worker.busy = 3;
  worker.seen_at = clock_.now() - 5h;
  ASSERT_TRUE(registry().put_worker(worker));
  const auto workers = registry().workers();
  ASSERT_EQ(workers->size(), 1u);
  const WorkerInfo& kept = workers->at(0);
  EXPECT_EQ(kept.name, "host-1-ab");
  EXPECT_EQ(kept.host, "host");
  EXPECT_EQ(kept.process_id, 17);
  EXPECT_EQ(kept.version, "1.2.3");
  EXPECT_THAT(kept.queues, ElementsAre("a", "b"));
  EXPECT_THAT(kept.kinds, ElementsAre("command"));
  EXPECT_EQ(kept.slots, 4u);
  EXPECT_EQ(kept.busy, 3u);
  EXPECT_EQ(kept.started_at, worker.started_at);
  EXPECT_EQ(kept.seen_at, clock_.now());
}

TEST_P(LedgerConformance, AWorkerOfEveryQueueNamesNoneNotOneWithoutAName) {
  ASSERT_TRUE(registry().put_worker({.name = "w", .queues = {"a"}, .kinds = {"noop"}}));
  ASSERT_TRUE(registry().put_worker({.name = "w", .kinds = {"noop"}}));
  const auto workers = registry().workers();
  ASSERT_EQ(workers->size(), 1u);
  EXPECT_THAT(workers->at(0).queues, IsEmpty());
  EXPECT_THAT(workers->at(0).kinds, ElementsAre("noop"));
}

TEST_P(LedgerConformance, AWorkerIsRemovedAndMayBeRemovedAgain) {
  ASSERT_TRUE(registry().put_worker({.name = "w"}));
  EXPECT_TRUE(registry().remove_worker("w").has_value());
  EXPECT_TRUE(registry().remove_worker("w").has_value());
  EXPECT_THAT(*registry().workers(), IsEmpty());
}

}  // namespace
}  // namespace waybill
