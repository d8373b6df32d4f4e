// A task from its making to its end, by the commands a person would use.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <filesystem>

#include "adapters/local/system_clock.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "base/json.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(LifeTest, ATaskIsCreatedRunAndShown) {
  const Place place;
  const std::string id =
      place.create({"--label", "team=x", "--", "sh", "-c", "echo hello; echo no >&2"});
  EXPECT_EQ(place.json("task show", {"task", "show", id}).at("state"), "ready");
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const auto shown = place.json("task show", {"task", "show", id});
  EXPECT_EQ(shown.at("state"), "succeeded");
  EXPECT_EQ(shown.at("created_by"), "cli:tester");
  EXPECT_EQ(shown.at("labels").at("team"), "x");
  EXPECT_EQ(shown.at("history").get_array().size(), 3U);
  const Ran logs = place.run({"task", "logs", id});
  EXPECT_THAT(logs.out, HasSubstr("hello\n"));
  EXPECT_THAT(logs.out, HasSubstr("no\n"));
  EXPECT_THAT(place.run({"task", "show", id}).out, HasSubstr("succeeded"));
}

TEST(LifeTest, UpRunsWhatIsCreatedBesideIt) {
  const Place place;
  const auto up = place.start({"up"});
  up->wait_for_output("waybill is up");
  const std::string id = place.create({"--", "echo", "hello"});
  const auto waited = place.json("tasks", {"task", "wait", id, "--for", "30s"});
  EXPECT_EQ(waited.at("tasks").at(0).at("state"), "succeeded");
  EXPECT_THAT(place.run({"task", "logs", id}).out, StartsWith("hello\n"));
  up->signal(SIGTERM);
  EXPECT_EQ(up->wait().status, 0);
}

TEST(LifeTest, UpServesAQueueThatNobodyHadNamedWhenItStarted) {
  const Place place;
  const auto up = place.start({"up"});
  up->wait_for_output("waybill is up");
  const std::string id = place.create({"--queue", "new", "--kind", "noop"});
  const auto waited = place.json("tasks", {"task", "wait", id, "--for", "30s"});
  EXPECT_EQ(waited.at("tasks").at(0).at("state"), "succeeded");
}

TEST(LifeTest, AWorkerOfNamedQueuesServesNoOthers) {
  const Place place;
  const std::string other = place.create({"--queue", "other", "--kind", "noop"});
  const std::string mine = place.create({"--queue", "mine", "--kind", "noop"});
  const Ran ran = place.run({"worker", "--queues", "mine,too", "--until-idle"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("working on queues mine, too"));
  EXPECT_EQ(place.json("task show", {"task", "show", mine}).at("state"), "succeeded");
  EXPECT_EQ(place.json("task show", {"task", "show", other}).at("state"), "ready");
  EXPECT_THAT(place.run({"task", "why", other}).out, HasSubstr("no worker serves its queue other"));
  EXPECT_THAT(place.run({"worker", "--until-idle"}).err, HasSubstr("working on all queues"));
  EXPECT_EQ(place.json("task show", {"task", "show", other}).at("state"), "succeeded");
}

TEST(LifeTest, UntilIdleDoesNotWaitForWhatNobodyHereCanStart) {
  const Place place;
  const std::string paused = place.create({"--queue", "held", "--kind", "noop"});
  const std::string mine = place.create({"--queue", "mine", "--kind", "noop"});
  ASSERT_EQ(place.run({"queue", "pause", "held"}).status, 0);
  {  // As a program that knows more kinds would have made it.
    SystemClock clock;
    const auto ledger = SqliteLedger::create(place.path("waybill-data/ledger.db"), clock).value();
    ASSERT_TRUE(ledger->ledger().insert(std::vector<TaskRequest>{
        {.id = uuid_v5(kTaskNamespace, "other"), .queue = "other", .kind = "telepathy"}}));
  }
  const Ran ran = place.run({"up", "--until-idle"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("2 tasks are left that cannot start here now"));
  EXPECT_THAT(ran.err, HasSubstr(paused + " is ready: its queue held is paused; see `waybill "
                                          "queue resume held`"));
  EXPECT_THAT(ran.err, HasSubstr("no worker of its queue other can run tasks of kind telepathy"));
  EXPECT_EQ(place.json("task show", {"task", "show", mine}).at("state"), "succeeded");
  EXPECT_EQ(place.json("task show", {"task", "show", paused}).at("state"), "ready");
}

TEST(LifeTest, WhatIsLeftIsExplainedQueueByQueue) {
  const Place place;
  for (int i = 0; i < 7; ++i) place.create({"--queue", "a", "--kind", "noop"});
  const std::string later = place.create({"--queue", "b", "--delay", "1h", "--kind", "noop"});
  const std::string other = place.create({"--queue", "c", "--delay", "1h", "--kind", "noop"});
  ASSERT_EQ(place.run({"queue", "pause", "a"}).status, 0);
  const Ran ran = place.run({"worker", "--until-idle", "--queues", "a,b"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("8 tasks are left"), HasSubstr("queue a, 7 tasks:"),
                             HasSubstr("queue b, 1 task:"), HasSubstr(later + " is scheduled"),
                             Not(HasSubstr(other))));
}

TEST(LifeTest, AFailureIsSaidByTheWorkerWithItsTaskAndReason) {
  const Place place;
  const std::string id = place.create({"--", "sh", "-c", "exit 3"});
  const Ran ran = place.run({"worker", "--until-idle"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              HasSubstr(R"("level":"warn","event":"task_failed","msg":"the program ended with)"));
  EXPECT_THAT(ran.err, HasSubstr(R"("task":")" + id + "\""));
}

TEST(LifeTest, TheDataDirectoryIsForItsOwnerAlone) {
  const Place place;
  place.create({"--kind", "noop"});
  const auto mode = std::filesystem::status(place.path("waybill-data")).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all);
}

TEST(LifeTest, LogsAreFollowedUntilTheTaskEnds) {
  Place place;
  const auto worker = place.start({"worker"});
  const std::string gate = place.path("gate");
  const std::string id =
      place.create({"--", "sh", "-c",
                    "echo begun; until [ -e '" + gate + "' ]; do sleep 0.02; done; echo done"});
  const auto logs = place.start({"task", "logs", id, "--follow"});
  logs->wait_for_output("begun\n");
  place.write("gate", "");
  const Ran ran = logs->wait();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, StartsWith("begun\ndone\n"));
}

TEST(LifeTest, LogsAreLinesOfJson) {
  const Place place;
  const std::string id = place.create({"--", "echo", "hello"});
  place.run({"worker", "--until-idle"});
  const Ran ran = place.run({"task", "logs", id, "--json"});
  const auto first = json::parse(ran.out.substr(0, ran.out.find('\n')));
  ASSERT_TRUE(first) << ran.out;
  EXPECT_EQ(violations("task logs", *first), "");
  EXPECT_EQ(first->at("text"), "hello\n");
  EXPECT_EQ(first->at("stream"), "stdout");
}

TEST(LifeTest, WhatTheSystemSaysBeginsALine) {
  const Place place;
  const std::string id = place.create({"--", "printf", "no line end"});
  place.run({"worker", "--until-idle"});
  EXPECT_THAT(place.run({"task", "logs", id}).out, StartsWith("no line end\n[exit status 0"));
}

TEST(LifeTest, LogsThatAreNotThereAreExplained) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  const Ran early = place.run({"task", "logs", id});
  EXPECT_EQ(early.status, 0);
  EXPECT_EQ(early.err, "no output: it is ready; see `waybill task why " + id + "`\n");
  place.run({"worker", "--until-idle"});
  EXPECT_EQ(place.run({"task", "logs", id, "--follow"}).err, "no output: it is succeeded\n");
  EXPECT_EQ(place.run({"task", "logs", id, "--attempt", "1"}).status, 0);
  const Ran ninth = place.run({"task", "logs", id, "--attempt", "9"});
  EXPECT_EQ(ninth.status, 1);
  EXPECT_THAT(ninth.err, HasSubstr("has had 1 attempt: there is no attempt 9"));
}

TEST(LifeTest, LogsThatNobodyGetsAreNotFollowed) {
  Place place;
  const std::string id = place.create({"--", "sh", "-c", "echo begun; exec sleep 60"});
  const auto worker = place.start({"worker", "--grace", "0s"});
  place.start({"task", "logs", id, "--follow"})->wait_for_output("begun\n");
  place.stdout_path = "/dev/full";
  EXPECT_EQ(place.start({"task", "logs", id, "--follow"})->wait().status, 69);
}

TEST(LifeTest, AFailedTaskSaysWhyAndIsRetried) {
  const Place place;
  const std::string id = place.create({"--", "sh", "-c", "test -e " + place.path("mended")});
  place.run({"worker", "--until-idle"});
  EXPECT_EQ(place.run({"task", "wait", id}).status, 1);
  const auto failed = place.json("task list", {"task", "list", "--state", "failed"});
  EXPECT_EQ(failed.at("tasks").get_array().size(), 1U);
  EXPECT_THAT(place.run({"task", "why", id}).out, HasSubstr("waybill task retry " + id));
  place.write("mended", "");
  place.json("tasks", {"task", "retry", id});
  place.run({"worker", "--until-idle"});
  EXPECT_EQ(place.run({"task", "wait", id}).status, 0);
}

TEST(LifeTest, ATransientFailureIsTriedAgain) {
  const Place place;
  const std::string id = place.create(
      {"--", "sh", "-c",
       "test -e " + place.path("tried") + " || { touch " + place.path("tried") + "; exit 75; }"});
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const auto shown = place.json("task show", {"task", "show", id});
  EXPECT_EQ(shown.at("state"), "succeeded");
  EXPECT_EQ(shown.at("attempt"), 2);
}

TEST(LifeTest, ATaskWaitsForAnother) {
  const Place place;
  const std::string first = place.create({"--kind", "noop"});
  const std::string second = place.create({"--kind", "noop", "--after", first});
  EXPECT_THAT(place.run({"task", "why", second}).out, HasSubstr("it waits for " + first));
  place.run({"worker", "--until-idle"});
  EXPECT_EQ(place.run({"task", "wait", first, second}).status, 0);
}

TEST(LifeTest, TheSameKeyOrIdMakesNoSecondTask) {
  const Place place;
  const auto first = place.json("task create", {"task", "create", "--kind", "noop", "--key", "k"});
  const auto again = place.json("task create", {"task", "create", "--kind", "noop", "--key", "k"});
  EXPECT_EQ(first.at("created"), true);
  EXPECT_EQ(again.at("created"), false);
  EXPECT_EQ(again.at("task").at("id"), first.at("task").at("id"));
  const std::string id = "0192f3c1-7a52-7c11-9f6e-0d8d3a1b2c3d";
  EXPECT_EQ(place.create({"--kind", "noop", "--id", id}), id);
  EXPECT_EQ(place.create({"--kind", "noop", "--id", id}), id);
  EXPECT_EQ(place.json("task list", {"task", "list"}).at("tasks").get_array().size(), 2U);
}

TEST(LifeTest, ADryRunMakesNothing) {
  const Place place;
  place.json("task create", {"task", "create", "--kind", "noop", "--dry-run"});
  EXPECT_FALSE(place.exists("waybill-data"));
}

TEST(LifeTest, IdsMayBeShortened) {
  const Place place;
  place.create({"--kind", "noop", "--id", "aaaa0000-0000-4000-8000-000000000001"});
  place.create({"--kind", "noop", "--id", "aaaa0000-0000-4000-8000-000000000002"});
  place.create({"--kind", "noop", "--id", "bbbb0000-0000-4000-8000-000000000003"});
  EXPECT_EQ(place.json("task show", {"task", "show", "BBBB0"}).at("id"),
            "bbbb0000-0000-4000-8000-000000000003");
  const Ran ambiguous = place.run({"task", "show", "aaaa"});
  EXPECT_EQ(ambiguous.status, 2);
  EXPECT_THAT(ambiguous.err, HasSubstr("more than one task begins with aaaa"));
  const Ran unknown = place.run({"task", "show", "cccc"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("no task cccc; list them with `waybill task list`"));
  EXPECT_EQ(place.run({"task", "show", "bbb"}).status, 2);
  EXPECT_EQ(place.run({"task", "show", "nonsense"}).status, 2);
}

TEST(LifeTest, ListsComeInPages) {
  const Place place;
  for (int i = 0; i < 3; ++i) place.create({"--kind", "noop"});
  const auto first = place.json("task list", {"task", "list", "--limit", "2"});
  EXPECT_EQ(first.at("tasks").get_array().size(), 2U);
  const std::string cursor(first.at("next_cursor").get_string());
  const auto second = place.json("task list", {"task", "list", "--cursor", cursor});
  EXPECT_EQ(second.at("tasks").get_array().size(), 1U);
  EXPECT_TRUE(second.at("next_cursor").is_null());
}

TEST(LifeTest, WaitingThatASignalEndsIsNoAnswer) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto wait = place.start({"task", "wait", id});
    wait->wait_until_it_blocks(signal);
    wait->signal(signal);
    const Ran ran = wait->wait();
    EXPECT_EQ(ran.status, 128 + signal);
    EXPECT_THAT(ran.out, HasSubstr(id));
    EXPECT_THAT(ran.err, HasSubstr("stopped waiting"));
  }
}

TEST(LifeTest, AListThatIsEmptyForItsFilterSaysSo) {
  const Place place;
  place.create({"--kind", "noop"});
  EXPECT_EQ(place.run({"task", "list", "--queue", "nosuch"}).err, "no task matches\n");
}

TEST(LifeTest, WaitingEndsWhenTheTimeIsOver) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  const Ran ran = place.run({"task", "wait", id, "--for", "10ms"});
  EXPECT_EQ(ran.status, 75);
  EXPECT_THAT(ran.err, HasSubstr("did not end in time; see `waybill task why ID`"));
}

}  // namespace
}  // namespace waybill::e2e
