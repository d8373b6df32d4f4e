#include "kinds/command/command.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "base/json.h"
#include "kinds/command/test_support/recording_context.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    auto kind = CommandKind::create({.environment = inherited_environment()}, clock_);
    EXPECT_TRUE(kind.has_value()) << (kind ? "" : kind.error().message);
    kind_ = std::move(*kind);
  }

  static Task a_command(std::string spec) {
    Task task;
    task.request = a_task(1).kind("command").spec(std::move(spec));
    task.status.attempt = 1;
    return task;
  }
  Outcome run(std::string spec) { return kind_->run(a_command(std::move(spec)), context_); }
  Outcome run_shell(std::string_view script, std::string_view more = "") {
    std::string spec = R"({"shell":)";
    json::append_quoted(spec, script);
    return run(spec + std::string(more) + "}");
  }
  static outcome::Failed failure(const Outcome& outcome) {
    const auto* failed = std::get_if<outcome::Failed>(&outcome);
    EXPECT_NE(failed, nullptr) << "alternative " << outcome.index();
    return failed == nullptr ? outcome::Failed{} : *failed;
  }
  static bool succeeded(const Outcome& outcome) {
    return std::holds_alternative<outcome::Succeeded>(outcome);
  }

  SimClock clock_;
  std::unique_ptr<CommandKind> kind_;
  RecordingContext context_;
};

TEST_F(CommandTest, ExitStatusZeroSucceedsAndOutputIsKeptByStream) {
  EXPECT_TRUE(succeeded(run(R"({"command":["sh","-c","echo out; echo err >&2"]})")));
  EXPECT_EQ(context_.logged(LogStream::out), "out\n");
  EXPECT_EQ(context_.logged(LogStream::err), "err\n");
}

TEST_F(CommandTest, AnArgumentIsNeverReadByAShell) {
  EXPECT_TRUE(succeeded(run(R"({"command":["printf","%s|","$HOME","a b","; exit 1"]})")));
  EXPECT_EQ(context_.logged(LogStream::out), "$HOME|a b|; exit 1|");
}

TEST_F(CommandTest, ExitStatus75IsTransientAnyOtherPermanent) {
  EXPECT_EQ(failure(run_shell("exit 75")).failure_class, FailureClass::transient);
  const auto failed = failure(run_shell("exit 3"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error, "the program ended with exit status 3");
}

TEST_F(CommandTest, OfAProgramThatWasNotStartedNoOutputIsMissing) {
  // Its supervisor may hold the pipes for a moment after it has said so: a hundred such moments.
  for (int i = 0; i < 100; ++i) failure(run(R"({"command":["no-such-program-here"]})"));
  EXPECT_EQ(context_.logged(LogStream::system), "");
}

TEST_F(CommandTest, TheDefinitionsMapDecidesOverExitCodes) {
  constexpr std::string_view kMap =
      R"(,"exit_codes":{"3":"transient","4":"succeeded","75":"permanent"})";
  EXPECT_EQ(failure(run_shell("exit 3", kMap)).failure_class, FailureClass::transient);
  EXPECT_TRUE(succeeded(run_shell("exit 4", kMap)));
  EXPECT_EQ(failure(run_shell("exit 75", kMap)).failure_class, FailureClass::permanent);
  EXPECT_EQ(failure(run_shell("exit 5", R"(,"exit_codes":{"default":"transient"})")).failure_class,
            FailureClass::transient);
}

TEST_F(CommandTest, AProgramThatIsNotThereFailsForGoodAndSaysSo) {
  const auto failed = failure(run(R"({"command":["no-such-program-here"]})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error,
            "cannot run no-such-program-here: No such file or directory; check the command and "
            "the worker's PATH");
}

TEST_F(CommandTest, TheProgramIsToldWhatItIsAbout) {
  context_.checkpoint_before = R"({"page":7})";
  Task task = a_command(
      R"({"shell":"echo $WAYBILL_PARAMS $WAYBILL_TASK_ID $WAYBILL_ATTEMPT $WAYBILL_CHECKPOINT; )"
      R"(test \"$(pwd)\" = \"$WAYBILL_SCRATCH\" && echo $COLOUR; cat",)"
      R"("environment":{"COLOUR":"blue"},"stdin":"from stdin"})");
  task.request.params = R"({"n":1})";
  task.status.attempt = 3;
  EXPECT_TRUE(succeeded(kind_->run(task, context_)));
  EXPECT_EQ(context_.logged(LogStream::out),
            R"({"n":1} )" + to_string(task.id()) + " 3 {\"page\":7}\nblue\nfrom stdin");
}

TEST_F(CommandTest, TheProgramFindsItsSecretsInItsEnvironment) {
  context_.secrets = {{"db-password", "hunter2"}, {"unasked", "other"}};
  EXPECT_TRUE(succeeded(run_shell("echo \"$PASSWORD\"; env | grep -c other; true",
                                  R"(,"secrets":{"PASSWORD":"db-password"})")));
  EXPECT_EQ(context_.logged(LogStream::out), "hunter2\n0\n");
}

TEST_F(CommandTest, ASecretThatIsNotThereFailsForGood) {
  const auto failed = failure(run_shell("echo started", R"(,"secrets":{"PASSWORD":"gone"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error, "the variable PASSWORD: no secret \"gone\" for you");
  EXPECT_EQ(context_.logged(LogStream::out), "");
}

TEST_F(CommandTest, ASecretThatThisWorkerCannotReadIsLeftForAnother) {
  context_.secret_refusal = Code::failed_precondition;
  const Outcome outcome = run_shell("echo started", R"(,"secrets":{"PASSWORD":"p"})");
  ASSERT_TRUE(std::holds_alternative<outcome::Snoozed>(outcome));
  EXPECT_EQ(context_.logged(LogStream::system),
            "[not started: the variable PASSWORD: no secret \"p\" for you]\n");
  context_.secret_refusal = Code::unavailable;
  EXPECT_EQ(failure(run_shell("x", R"(,"secrets":{"PASSWORD":"p"})")).failure_class,
            FailureClass::transient);
}

TEST_F(CommandTest, SecretsThatCouldNotBeGivenAreRefused) {
  for (const std::string_view secrets :
       {R"({"":"a"})", R"({"A=B":"a"})", R"({"WAYBILL_X":"a"})", R"({"A":"A Name"})",
        R"({"TWICE":"a"})", R"({"A":1})", R"(["a"])"}) {
    const std::string spec = R"({"command":["true"],"environment":{"TWICE":"x"},"secrets":)" +
                             std::string(secrets) + "}";
    const auto parsed = parse_command_spec(spec);
    ASSERT_FALSE(parsed.has_value()) << secrets;
    EXPECT_NE(parsed.error().message.find("/secrets"), std::string::npos) << parsed.error().message;
  }
}

TEST_F(CommandTest, TheProgramIsToldWhichTraceItBelongsTo) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Task task = a_command(R"({"shell":"echo ${TRACEPARENT-none}"})");
  EXPECT_TRUE(succeeded(kind_->run(task, context_)));
  task.request.labels = {{"traceparent", trace}};
  EXPECT_TRUE(succeeded(kind_->run(task, context_)));
  task.request.spec = R"({"shell":"echo $TRACEPARENT","environment":{"TRACEPARENT":"own"}})";
  EXPECT_TRUE(succeeded(kind_->run(task, context_)));
  EXPECT_EQ(context_.logged(LogStream::out), "none\n" + trace + "\nown\n");
}

TEST_F(CommandTest, TheWorkersOwnEnvironmentIsNotPassedOn) {
  ::setenv("WORKER_SECRET", "hunter2", 1);
  auto kind = CommandKind::create({.environment = inherited_environment()}, clock_);
  ASSERT_TRUE(kind.has_value());
  EXPECT_TRUE(succeeded((*kind)->run(a_command(R"({"command":["env"]})"), context_)));
  EXPECT_EQ(context_.logged(LogStream::out).find("hunter2"), std::string::npos);
  EXPECT_NE(context_.logged(LogStream::out).find("PATH="), std::string::npos);
}

TEST_F(CommandTest, ParamsTooBigForAnEnvironmentComeInAFile) {
  Task task =
      a_command(R"({"shell":"wc -c < $WAYBILL_PARAMS_FILE; echo ${WAYBILL_PARAMS-unset}"})");
  task.request.params = R"({"x":")" + std::string(300'000, 'x') + R"("})";
  EXPECT_TRUE(succeeded(kind_->run(task, context_)));
  EXPECT_EQ(context_.logged(LogStream::out), "300008\nunset\n");
}

TEST_F(CommandTest, ReportsAreProgressOutputsAndCheckpoints) {
  const Outcome outcome =
      run_shell(R"(exec 9>&$WAYBILL_REPORT_FD; echo '{"progress":{"done":1}}' >&9;)"
                R"(echo '{"output":{"sum":4,"a":1}}' >&9; echo '{"checkpoint":{"page":2}}' >&9;)"
                R"(echo nonsense >&9; printf '{"output":{"sum":5}}' >&9)");
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_EQ(std::get<outcome::Succeeded>(outcome).result, R"({"a":1,"sum":5})");
  EXPECT_EQ(context_.progress_reports, std::vector<std::string>{R"({"done":1})"});
  EXPECT_EQ(context_.checkpoints, std::vector<std::string>{R"({"page":2})"});
  EXPECT_NE(context_.logged(LogStream::system).find("[report line 4 not JSON"), std::string::npos);
}

TEST_F(CommandTest, AProgramThatTakesTheReportsForItsOutputDoesNotFillTheLog) {
  run(R"({"shell": "i=0; while [ $i -lt 5000 ]; do echo no report; i=$((i+1)); done >&3"})");
  EXPECT_LT(context_.logged(LogStream::system).size(), 5000U);
  EXPECT_NE(context_.logged(LogStream::system).find("no more of this is told"), std::string::npos);
}

TEST_F(CommandTest, OutputOverTheLimitIsCutWithAMark) {
  EXPECT_TRUE(succeeded(
      run_shell("head -c 100000 /dev/zero | tr '\\0' x", R"(,"limits":{"output":"1KiB"})")));
  EXPECT_EQ(context_.logged(LogStream::out), std::string(1024, 'x'));
  const std::string marks = context_.logged(LogStream::system);
  EXPECT_NE(marks.find("[output cut: 1KiB are kept"), std::string::npos) << marks;
  EXPECT_NE(marks.find("more were not kept]"), std::string::npos) << marks;
}

TEST_F(CommandTest, ARequestToStopIsSigtermAndLeavesProof) {
  std::jthread stopper([&] {
    context_.await_output("ready");
    context_.request_stop();
  });
  const Outcome outcome = run_shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome));
  const auto proof = json::parse(std::get<outcome::Stopped>(outcome).proof)->as_object();
  EXPECT_EQ(proof.at("exit_status").as_int64(), 7);
  for (const char* time : {"requested_at", "signalled_at", "exited_at", "reaped_at"}) {
    EXPECT_TRUE(parse_time(std::string(proof.at(time).as_string())).has_value()) << time;
  }
  EXPECT_FALSE(proof.contains("killed_at"));
  EXPECT_TRUE(proof.contains("user_seconds"));
  EXPECT_GT(proof.at("memory_peak_bytes").as_int64(), 0);
}

TEST_F(CommandTest, WhatIgnoresSigtermIsKilledAfterTheGrace) {
  std::jthread stopper([&] {
    context_.await_output("ready");
    context_.request_stop();
  });
  const Outcome outcome =
      run_shell("trap '' TERM; echo ready; while :; do sleep 0.01; done", R"(,"grace":"50ms")");
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome));
  const auto proof = json::parse(std::get<outcome::Stopped>(outcome).proof)->as_object();
  EXPECT_EQ(proof.at("signal").as_int64(), 9);
  EXPECT_TRUE(proof.contains("killed_at"));
}

TEST_F(CommandTest, ARunThatUsesUpItsProcessorTimeSaysSo) {
  const auto failed = failure(run_shell("while :; do :; done", R"(,"limits":{"cpu":"1s"})"));
  EXPECT_EQ(failed.error, "killed: it used up its processor time of 1s; raise limits.cpu");
}

TEST_F(CommandTest, ASpecThatCanNeverRunIsRefused) {
  const auto refused = [&](std::string spec, std::string_view part) {
    const Status status = kind_->check(a_command(std::move(spec)).request);
    EXPECT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, Code::invalid_argument);
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
  };
  refused("{}", "command");
  refused(R"({"command":[]})", "/command");
  refused(R"({"command":["x"],"grace":"soon"})", "/grace");
  refused(R"({"command":["x"],"limits":{"memory":"much"}})", "/limits/memory");
  refused(R"({"command":["x"],"limits":{"processes":1e300}})", "/limits/processes");
  refused(R"({"command":["x"],"limits":{"open_files":9223372036854775808}})", "/limits/open_files");
  refused(R"({"command":["x"],"exit_codes":{"300":"transient"}})", "/exit_codes");
  refused(R"({"command":["x"],"colour":"blue"})", "colour");
  refused(R"({"command":["x"],"environment":{"WAYBILL_PARAMS":"{}"}})", "WAYBILL_");
  EXPECT_TRUE(kind_->check(a_command(R"({"shell":"true"})").request).has_value());
}

TEST_F(CommandTest, WhatItLeavesIsKeptWhenItHasSucceeded) {
  EXPECT_TRUE(succeeded(
      run_shell("echo 1 > $WAYBILL_ARTIFACTS/a.csv; echo 2 > b; ln -s b $WAYBILL_ARTIFACTS/link;"
                R"(echo '{"artifact": {"path": "b", "name": "c/b"}}' >&3)")));
  ASSERT_EQ(context_.kept_files.size(), 2u);
  EXPECT_EQ(context_.kept_files[0].name, "a.csv");
  EXPECT_EQ(context_.kept_files[0].media_type, "text/csv");
  EXPECT_EQ(context_.kept_files[0].bytes, "1\n");
  EXPECT_EQ(context_.kept_files[1].name, "c/b");
  EXPECT_EQ(context_.kept_files[1].bytes, "2\n");
  EXPECT_NE(context_.logged(LogStream::system).find("[no artifact: link is a link]"),
            std::string::npos);
  EXPECT_NE(context_.logged(LogStream::system).find("[kept 2 artifacts, 4B]"), std::string::npos);
}

TEST_F(CommandTest, WhatAFailureLeavesIsNotKept) {
  EXPECT_EQ(failure(run_shell("echo 1 > $WAYBILL_ARTIFACTS/a; exit 1")).failure_class,
            FailureClass::permanent);
  EXPECT_TRUE(context_.kept_files.empty());
}

TEST_F(CommandTest, ArtifactsThatCannotBeKeptForNowAreATransientFailureThatSaysWhy) {
  context_.keep_answer = fail(Code::resource_exhausted, "the disk is full");
  const auto failed = failure(run_shell("echo 1 > $WAYBILL_ARTIFACTS/a"));
  EXPECT_EQ(failed.failure_class, FailureClass::transient);
  EXPECT_NE(failed.error.find("the disk is full"), std::string::npos);
}

TEST_F(CommandTest, TooManyBytesOfArtifactsAreAPermanentFailure) {
  const auto failed =
      failure(run_shell("echo 12345 > $WAYBILL_ARTIFACTS/a", R"(,"limits":{"artifacts":"5B"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("limits.artifacts"), std::string::npos);
}

TEST_F(CommandTest, StoppedWhileItsArtifactsAreKeptItIsStopped) {
  context_.keep_answer = fail(Code::cancelled, "stopped");
  const Outcome outcome = run_shell("echo 1 > $WAYBILL_ARTIFACTS/a");
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome));
}

}  // namespace
}  // namespace waybill
