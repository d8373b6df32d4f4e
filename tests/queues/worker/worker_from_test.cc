// `waybill worker --from` from outside, against real servers.

#include <gmock/gmock.h>
#include <signal.h>

#include "tests/queues/worker/worker_place.h"

namespace waybill::e2e {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

using WorkerFromTest = WorkerPlaceTest;
const auto kName = [](const auto& instance) { return instance.param.name; };
INSTANTIATE_TEST_SUITE_P(Brokers, WorkerFromTest,
                         testing::Values(rabbitmq(), pubsub_emulator(), moto()), kName);

TEST_P(WorkerFromTest, ACommandGetsTheMessageAndItIsAcked) {
  publish({intake(1), intake(2)});
  const Ran ran =
      worker({"--until-empty"},
             {"sh", "-c", "echo \"$WAYBILL_MESSAGE_ID $WAYBILL_ATTEMPT\"; cat; echo >&2 said"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr(trace(1) + " 1\n"), HasSubstr(intake(1)),
                             HasSubstr(trace(2) + " 1\n"), HasSubstr(intake(2))));
  EXPECT_THAT(ran.err, HasSubstr("said\n"));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(rejected(), IsEmpty());
}

TEST_P(WorkerFromTest, SeventyFiveAndACrashGiveItBack) {
  for (const char* script : {"exit 75", "kill -SEGV $$"}) {
    publish({intake(1)});
    const Ran ran = worker({"--once", "--retry-delay", "0s"}, {"sh", "-c", script});
    EXPECT_EQ(ran.status, 75) << ran.err;
    EXPECT_THAT(left(), ElementsAre(intake(1))) << script;
  }
  EXPECT_THAT(rejected(), IsEmpty());
}

TEST_P(WorkerFromTest, WhatRunsLongerThanItsTimeoutIsStoppedAndGivenBack) {
  publish({intake(1)});
  const Ran ran = worker({"--once", "--timeout", "1s", "--retry-delay", "0s"},
                         {"sh", "-c", "echo began; cat go >/dev/null; echo ended"});
  EXPECT_EQ(ran.status, 75) << ran.err;
  EXPECT_EQ(ran.out, "began\n");
  EXPECT_THAT(left(), ElementsAre(intake(1)));
  EXPECT_THAT(rejected(), IsEmpty());
}

TEST_P(WorkerFromTest, AnyOtherStatusSendsItToTheRejectedTopic) {
  publish({intake(1)});
  const Ran ran = worker({"--once"}, {"sh", "-c", "exit 3"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("exit status 3"));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(rejected(), ElementsAre(intake(1)));
}

TEST_P(WorkerFromTest, AMalformedMessageIsRejectedAndTheRestIsDone) {
  publish({"not JSON at all", intake(1)});
  const Ran ran = worker({"--until-empty"}, {"cat"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, intake(1) + "\n");
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(rejected(), ElementsAre("not JSON at all"));
}

TEST_P(WorkerFromTest, ADuplicateIsDropped) {
  publish({intake(1), intake(1), intake(2)});
  const Ran ran = worker({"--until-empty"}, {"sh", "-c", "echo ran"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "ran\nran\n");
  EXPECT_THAT(ran.err, HasSubstr("duplicate_dropped"));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_P(WorkerFromTest, TheLeaseIsKeptWhileTheCommandRunsLongerThanIt) {
  publish({intake(1)});
  const Ran ran = worker({"--once", "--visibility", "2s"}, {"sh", "-c", "sleep 6; echo ran"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "ran\n");
  EXPECT_THAT(ran.err, Not(HasSubstr("lease_lost")));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_P(WorkerFromTest, SigtermFinishesTheOneInHand) {
  publish({intake(1), intake(2)});
  const auto running = start_worker({}, {"sh", "-c", "echo began; cat go >/dev/null; echo ended"});
  running->wait_for_output("began");
  running->signal(SIGTERM);
  open_gate();
  const Ran ran = running->wait();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "began\nended\n");
  EXPECT_EQ(left().size(), 1U);
}

TEST_P(WorkerFromTest, ASecondSigtermStopsTheCommandAndGivesTheMessageBack) {
  publish({intake(1)});
  const auto running = start_worker({}, {"sh", "-c", "echo began; cat go >/dev/null; echo ended"});
  running->wait_for_output("began");
  running->signal(SIGTERM);
  running->wait_for_output("finishing");
  running->signal(SIGTERM);
  const Ran ran = running->wait();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "began\n");
  EXPECT_THAT(left(), ElementsAre(intake(1)));
}

TEST_P(WorkerFromTest, AKilledWorkersMessageComesAgainAndItsCommandIsGone) {
  publish({intake(1)});
  const auto running =
      start_worker({"--visibility", "2s"}, {"sh", "-c", "echo pid $$.; cat go >/dev/null"});
  running->wait_for_output(".\n");
  running->signal(SIGKILL);
  const Ran killed = running->wait();
  EXPECT_EQ(killed.status, 128 + SIGKILL);
  const Ran again = worker({"--once"}, {"cat"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.out, intake(1) + "\n");
  const pid_t program = std::stoi(killed.out.substr(4));
  EXPECT_EQ(::kill(program, 0), -1);
}

TEST_P(WorkerFromTest, AProgramThatIsNotThereEndsTheWorkerAndCostsNoMessage) {
  publish({intake(1)});
  const Ran ran = worker({}, {"./no-such-program"});
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("no-such-program"));
  EXPECT_THAT(left(), ElementsAre(intake(1)));
  EXPECT_THAT(rejected(), IsEmpty());
}

}  // namespace
}  // namespace waybill::e2e
