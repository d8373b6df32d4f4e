// Signals, cancels, queues and schedules.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <chrono>

#include "adapters/local/system_clock.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

/// Says "begun", then ends as soon as the file is there.
std::vector<std::string> gated(const Place& place, const std::string& gate) {
  return {"--", "sh", "-c",
          "echo begun; until [ -e '" + place.path(gate) + "' ]; do sleep 0.02; done"};
}

/// Blocks until the task has begun, by its own word.
void wait_until_begun(const Place& place, const std::string& id) {
  place.start({"task", "logs", id, "--follow"})->wait_for_output("begun");
}

TEST(ControlTest, SigtermLetsWhatRunsEnd) {
  const Place place;
  const auto worker = place.start({"worker"});
  const std::string id = place.create(gated(place, "gate"));
  wait_until_begun(place, id);
  worker->signal(SIGTERM);
  place.write("gate", "");
  EXPECT_EQ(worker->wait().status, 0);
  EXPECT_EQ(place.json("task show", {"task", "show", id}).at("state"), "succeeded");
}

TEST(ControlTest, WhatDoesNotEndInTheGraceIsGivenBack) {
  const Place place;
  const auto worker = place.start({"worker", "--grace", "10ms"});
  const std::string id = place.create(gated(place, "gate"));
  wait_until_begun(place, id);
  worker->signal(SIGTERM);
  EXPECT_EQ(worker->wait().status, 0);
  const auto shown = place.json("task show", {"task", "show", id});
  EXPECT_EQ(shown.at("state"), "ready");
  EXPECT_EQ(shown.at("failures"), 0);
  EXPECT_EQ(shown.at("history").get_array().back().at("happening"), "given_back");
}

TEST(ControlTest, ASecondSigtermEndsAtOnce) {
  const Place place;
  const auto worker = place.start({"worker", "--grace", "1h"});
  const std::string id = place.create(gated(place, "gate"));
  wait_until_begun(place, id);
  worker->signal(SIGTERM);
  worker->wait_for_output("letting what runs end");
  worker->signal(SIGTERM);
  EXPECT_EQ(worker->wait().status, 128 + SIGTERM);
}

TEST(ControlTest, ARunningTaskIsCancelledWithProof) {
  const Place place;
  const auto worker = place.start({"worker"});
  const std::string id = place.create(gated(place, "gate"));
  wait_until_begun(place, id);
  place.json("tasks", {"task", "cancel", id, "--reason", "enough"});
  EXPECT_EQ(place.run({"task", "wait", id, "--for", "30s"}).status, 1);
  const auto shown = place.json("task show", {"task", "show", id});
  EXPECT_EQ(shown.at("state"), "cancelled");
  EXPECT_EQ(shown.at("cancel").at("by"), "cli:tester");
  EXPECT_EQ(shown.at("cancel").at("reason"), "enough");
  EXPECT_TRUE(shown.at("result").is_object()) << "the proof is kept";
}

TEST(ControlTest, AWaitingTaskIsCancelledAtOnceButNotTwice) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  EXPECT_THAT(place.run({"task", "cancel", id}).out, HasSubstr("cancelled"));
  EXPECT_EQ(place.run({"task", "cancel", id}).status, 1);
}

TEST(ControlTest, APausedQueueStartsNothing) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  EXPECT_EQ(place.json("queue", {"queue", "pause", "default"}).at("paused"), true);
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const auto why = place.json("task why", {"task", "why", id});
  EXPECT_EQ(why.at("conditions").at(0).at("reason"), "queue_paused");
  EXPECT_EQ(why.at("conditions").at(0).at("advice"), "waybill queue resume default");
  const auto queues = place.json("queue list", {"queue", "list"});
  EXPECT_EQ(queues.at("queues").at(0).at("tasks").at("ready"), 1);
  place.run({"queue", "resume", "default"});
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  EXPECT_EQ(place.json("task show", {"task", "show", id}).at("state"), "succeeded");
}

TEST(ControlTest, SchedulesAreAddedListedAndRemoved) {
  const Place place;
  const auto added = place.json("schedule", {"schedule", "add", "nightly", "0 3 * * *", "--zone",
                                             "Europe/Berlin", "--", "true"});
  EXPECT_EQ(added.at("zone"), "Europe/Berlin");
  EXPECT_TRUE(added.at("next").is_string());
  EXPECT_EQ(place.json("schedule list", {"schedule", "list"}).at("schedules").get_array().size(),
            1U);
  const Ran unknown = place.run({"schedule", "remove", "nigtly"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"nightly\"?"));
  place.json("schedule remove", {"schedule", "remove", "nightly"});
  EXPECT_TRUE(
      place.json("schedule list", {"schedule", "list"}).at("schedules").get_array().empty());
}

TEST(ControlTest, AScheduleIsPausedResumedAndRunOutsideItsTimes) {
  const Place place;
  place.run({"schedule", "add", "s", "@daily", "--kind", "noop"});
  const auto paused =
      place.json("schedule pause", {"schedule", "pause", "s", "--reason", "the disk is full"});
  EXPECT_EQ(paused.at("pause").at("by"), "cli:tester");
  EXPECT_EQ(paused.at("next"), nullptr);
  EXPECT_THAT(place.run({"schedule", "add", "s", "@hourly", "--kind", "noop"}).err,
              HasSubstr("schedule s is paused since"));
  EXPECT_THAT(place.run({"schedule", "list"}).out, HasSubstr("the disk is full"));
  const auto run = place.json("schedule run", {"schedule", "run", "s"});
  EXPECT_EQ(run.at("task").at("created_by"), "cli:tester");
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const std::string id(run.at("task").at("id").as_string());
  EXPECT_EQ(place.json("task show", {"task", "show", id}).at("state"), "succeeded");
  EXPECT_EQ(place.json("schedule resume", {"schedule", "resume", "s"}).at("pause"), nullptr);
  const auto shown = place.json("schedule show", {"schedule", "show", "s", "--next", "3"});
  EXPECT_EQ(shown.at("next_fires").as_array().size(), 3U);
  EXPECT_THAT(place.run({"schedule", "show", "s"}).out, HasSubstr("@hourly (UTC), from cli"));
  EXPECT_THAT(place.run({"schedule", "pause", "S"}).err, HasSubstr("waybill schedule list"));
}

TEST(ControlTest, APauseOfAScheduleOutlivesItsDefinition) {
  const Place place;
  place.write("defs/s.yaml",
              "tasks:\n  t:\n    kind: noop\nschedules:\n  s:\n    cron: '@daily'\n    task: t\n");
  const std::vector<std::string> up = {"up", "--until-idle", "--definitions", "defs"};
  ASSERT_EQ(place.run(up).status, 0);
  place.json("schedule pause", {"schedule", "pause", "s"});
  ASSERT_EQ(place.run(up).status, 0);
  EXPECT_EQ(place.json("schedule show", {"schedule", "show", "s"}).at("paused"), true);
  place.write("defs/s.yaml",
              "tasks:\n  t:\n    kind: noop\nschedules:\n  s:\n    cron: '@daily'\n    task: t\n"
              "    paused: true\n");
  ASSERT_EQ(place.run(up).status, 0);
  const Ran refused = place.run({"schedule", "resume", "s"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("take `paused` out there"));
}

TEST(ControlTest, ACronExpressionThatIsNoneIsRefused) {
  const Place place;
  const Ran ran = place.run({"schedule", "add", "x", "61 * * * *", "--", "true"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("61"));
}

TEST(ControlTest, ADueScheduleFiresOnce) {
  const Place place;
  place.run({"schedule", "add", "often", "* * * * *", "--kind", "noop"});
  SystemClock clock;
  const auto ledger = SqliteLedger::create(place.path("waybill-data/ledger.db"), clock).value();
  // As if it had been added two hours ago: one of the times it missed is owed.
  Schedule schedule = ledger->registry().schedules().value().at(0);
  ASSERT_TRUE(ledger->registry().remove_schedule("often"));
  schedule.handled_until = clock.now() - std::chrono::hours(2);
  ASSERT_TRUE(ledger->registry().put_schedule(schedule));
  const auto up = place.start({"up"});
  const Deadline deadline{.at = clock.steady_now() + std::chrono::seconds(30)};
  ASSERT_GT(ledger->reader().last_sequence(0, deadline).value(), 0U);
  up->signal(SIGTERM);
  EXPECT_EQ(up->wait().status, 0);
  const auto tasks =
      place.json("task list", {"task", "list", "--created-by", "schedule:often"}).at("tasks");
  ASSERT_GE(tasks.get_array().size(), 1U);
  EXPECT_EQ(tasks.at(0).at("dedup_scope"), "forever");
  EXPECT_LE(tasks.get_array().size(), 2U) << "two only if a minute began meanwhile";
}

}  // namespace
}  // namespace waybill::e2e
