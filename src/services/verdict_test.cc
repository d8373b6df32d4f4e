#include "services/verdict.h"

#include <gtest/gtest.h>

#include "testing/builders.h"

namespace waybill {
namespace {

using std::chrono::seconds;

HeldRun a_run(std::optional<StopReason> stop) {
  HeldRun run{.stop = stop};
  run.task.request = a_task(1).run_time_max(seconds(3));
  run.task.status.fence = 7;
  return run;
}

TEST(Verdict, ATimeOutIsATransientFailureToldInWordsThatKeepsItsProof) {
  const std::string proof =
      R"({"requested_at":"2026-11-25T21:00:00Z","killed_at":"2026-11-25T21:00:01Z","signal":9})";
  const Event event =
      verdict_of(a_run(StopReason::timed_out), outcome::Stopped{.proof = proof}, Time{});
  const auto& failure = std::get<event::Fail>(event);
  EXPECT_EQ(failure.fence, 7u);
  EXPECT_EQ(failure.failure_class, FailureClass::transient);
  EXPECT_EQ(
      failure.error,
      "timed out: it ran longer than its timeout of 3s; killed (SIGKILL) after 1s; signal 9; cpu "
      "time 0s");
  EXPECT_EQ(failure.proof, proof);
}

TEST(Verdict, AStopThatNobodyAskedForIsATransientFailure) {
  const Event event = verdict_of(a_run(std::nullopt), outcome::Stopped{}, Time{});
  EXPECT_EQ(std::get<event::Fail>(event).error, "it stopped without having been asked to");
}

TEST(Verdict, ASuccessCountsWhateverWasAsked) {
  const Event event =
      verdict_of(a_run(StopReason::cancel), outcome::Succeeded{.result = "{}"}, Time{});
  EXPECT_EQ(std::get<event::Succeed>(event).result, "{}");
}

TEST(Verdict, ACancelKeepsItsProof) {
  const Event event =
      verdict_of(a_run(StopReason::cancel), outcome::Stopped{.proof = "{}"}, Time{});
  EXPECT_EQ(std::get<event::ConfirmCancel>(event).proof, "{}");
}

}  // namespace
}  // namespace waybill
