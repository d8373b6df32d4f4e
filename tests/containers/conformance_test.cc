// What containers are promised, whoever runs them: each case by podman and by bubblewrap.

#include "tests/containers/engine_fixture.h"
#include "tests/containers/local_server.h"

namespace waybill {
namespace {

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest, ::testing::Values("podman", "bubblewrap"),
                         [](const auto& engine) { return engine.param; });

TEST_P(EngineTest, TheProgramHasNoRightsNoNetworkAndOneWritablePlace) {
  const Outcome outcome = run(R"(
id -u; id -g; pwd; grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status
for place in / /etc /bin /run /run/waybill /dev /sys /var /waybill; do
  touch $place/x 2>/dev/null && echo "wrote $place"
done
touch /tmp/x "$WAYBILL_SCRATCH/x" "$WAYBILL_ARTIFACTS/x" && echo places
ip -o link | wc -l
wget -q -O - http://127.0.0.1:1/ || echo no network
kill -9 1; cat /proc/1/environ; cat /proc/1/mem
ls /proc | grep -c '^[0-9]'
exit 0)");
  EXPECT_TRUE(succeeded(outcome)) << everything();
  EXPECT_TRUE(out().starts_with(
      "65534\n65534\n/waybill/"
      "scratch\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
      "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n"
      "NoNewPrivs:\t1\nSeccomp:\t2\nplaces\n1\nno network\n"))
      << out();
  EXPECT_EQ(context_.logged(LogStream::out).find("WAYBILL"), std::string::npos);
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, ItIsToldWhatACommandIsToldAndReportsLikeOne) {
  context_.checkpoint_before = R"({"page":7})";
  context_.secrets = {{"password", "hunter2"}};
  Task task = task_for(R"(
echo "$WAYBILL_PARAMS $WAYBILL_TASK_ID $WAYBILL_ATTEMPT $WAYBILL_CHECKPOINT $COLOUR $PASSWORD"
cat
echo '{"progress":{"done":1}}' >&$WAYBILL_REPORT_FD
echo '{"output":{"words":3}}' >&$WAYBILL_REPORT_FD
echo left > "$WAYBILL_ARTIFACTS/a.txt"
echo said > b.txt; echo '{"artifact":{"path":"/waybill/scratch/b.txt","name":"b"}}' >&3
ls / | tail -n 1 > /dev/null; echo err >&2)",
                       R"(,"stdin":"from stdin\n","secrets":{"PASSWORD":"password"},)"
                       R"("environment":{"COLOUR":"deep\nblue"})");
  task.request.params = R"({"--privileged":"--share-net"})";
  task.status.attempt = 3;
  ContainerKind kind(engine_);
  const Outcome outcome = kind.run(task, context_);
  ASSERT_TRUE(succeeded(outcome)) << everything() << failure(outcome).error;
  EXPECT_EQ(out(), R"({"--privileged":"--share-net"} )" + to_string(task.id()) +
                       " 3 {\"page\":7} deep\nblue hunter2\nfrom stdin\n");
  EXPECT_EQ(context_.logged(LogStream::err), "err\n");
  EXPECT_EQ(std::get<outcome::Succeeded>(outcome).result, R"({"words":3})");
  ASSERT_EQ(context_.progress_reports.size(), 1u);
  ASSERT_EQ(context_.kept_files.size(), 2u);
  EXPECT_EQ(context_.kept_files[0].bytes, "left\n");
  EXPECT_EQ(context_.kept_files[1].bytes, "said\n");
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, LongParamsAreInAFileThatTheProgramCanRead) {
  Task task = task_for(R"(wc -c < "$WAYBILL_PARAMS_FILE")");
  task.request.params = R"({"x":")" + std::string(200 << 10, 'x') + R"("})";
  ContainerKind kind(engine_);
  EXPECT_TRUE(succeeded(kind.run(task, context_))) << everything();
  EXPECT_EQ(out(), std::to_string(task.request.params.size()) + "\n");
}

TEST_P(EngineTest, FilesThatItIsGivenAreThereForReadingOnly) {
  const std::string digest(64, 'd');
  context_.contents = {{digest, "a,b\n"}};
  const std::string inputs = R"(,"inputs":[{"name":"in/a.csv","sha256":")" + digest +
                             R"(","size_bytes":4},{"name":"b.csv","sha256":")" + digest +
                             R"(","size_bytes":4}])";
  const Outcome outcome = run(R"(
cd "$WAYBILL_INPUTS" && pwd && cat in/a.csv b.csv
echo x 2>/dev/null >> b.csv || echo "no writing"
rm in/a.csv 2>/dev/null || echo "no removing"
cp in/a.csv "$WAYBILL_ARTIFACTS/copy.csv")",
                              inputs);
  ASSERT_TRUE(succeeded(outcome)) << everything() << failure(outcome).error;
  EXPECT_EQ(out(), "/run/waybill/inputs\na,b\na,b\nno writing\nno removing\n");
  EXPECT_NE(context_.logged(LogStream::system).find("[given 2 files, 8B]"), std::string::npos)
      << everything();
  ASSERT_EQ(context_.kept_files.size(), 1u);
  EXPECT_EQ(context_.kept_files[0].bytes, "a,b\n");
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, AllThatIsPrintedIsKept) {
  EXPECT_TRUE(succeeded(run("seq 1 100000")));
  EXPECT_EQ(out().size(), 588895u);
  EXPECT_TRUE(out().ends_with("\n100000\n"));
}

TEST_P(EngineTest, ExitStatusesAreTheProgramsOwn) {
  const auto run_anew = [&](const std::string& script, std::string_view more = "") {
    std::filesystem::remove_all(context_.scratch_directory());
    std::filesystem::create_directory(context_.scratch_directory());
    return run(script, more);
  };
  EXPECT_EQ(failure(run_anew("exit 75")).failure_class, FailureClass::transient);
  // What an engine itself would end with, too.
  for (const char* status : {"1", "125", "126", "127", "137"}) {
    const auto failed = failure(run_anew("exit " + std::string(status)));
    EXPECT_EQ(failed.failure_class, FailureClass::permanent);
    EXPECT_EQ(failed.error, "the program ended with exit status " + std::string(status));
  }
  EXPECT_TRUE(succeeded(run_anew("exit 4", R"(,"exit_codes":{"4":"succeeded"})")));
}

TEST_P(EngineTest, AProgramThatTheImageLacksFailsForGood) {
  Task task = task_for("");
  task.request.spec =
      R"({"image":")" + engine_image_ + R"(","command":["no-such-program"],"args":["--help"]})";
  ContainerKind kind(engine_);
  const auto failed = failure(kind.run(task, context_));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error,
            "cannot run the program in the image: No such file or directory; check the command, "
            "and that the image is of this machine's architecture");
}

TEST_P(EngineTest, AnImageThatIsNotHereIsWaitedFor) {
  Task task = task_for("");
  task.request.spec =
      R"({"image":"localhost/absent@sha256:)" + std::string(64, 'a') + R"(","command":["true"]})";
  ContainerKind kind(engine_);
  const auto failed = failure(kind.run(task, context_));
  EXPECT_EQ(failed.failure_class, FailureClass::transient);
  EXPECT_NE(failed.error.find(std::string(64, 'a')), std::string::npos) << failed.error;
  EXPECT_EQ(remains(), "");
}

// The four hostile ones.

TEST_P(EngineTest, OneThatForksWithoutEndStaysWithinItsLimitAndIsEnded) {
  std::jthread stopper([&] {
    context_.await_output("x\nx\nx\nx\nx\nx\nx\nx\n");
    context_.request_stop();
  });
  const Outcome outcome =
      run("bomb() { echo x; bomb & bomb; }; trap '' TERM; while :; do bomb; done",
          R"(,"limits":{"processes":20,"output":"4KiB"})");
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, OneThatFillsItsDiskFillsNoOther) {
  const auto failed = failure(
      run("for place in . /tmp /dev/shm $WAYBILL_ARTIFACTS; do dd if=/dev/zero of=$place/big "
          "bs=64k 2>&1; done; wc -c < big; exit 9",
          R"(,"limits":{"scratch":"1MiB"})"));
  EXPECT_EQ(failed.error, "the program ended with exit status 9");
  EXPECT_NE(out().find("No space left on device"), std::string::npos) << out();
  EXPECT_TRUE(out().ends_with("1048576\n")) << out();
  EXPECT_FALSE(std::filesystem::exists(context_.scratch_directory() + "/box/scratch"));
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, OneThatIgnoresSigtermIsKilledAfterTheGrace) {
  std::jthread stopper([&] {
    context_.await_output("ready");
    context_.request_stop();
  });
  const Outcome outcome = run("trap '' TERM; echo ready; while :; do sleep 1; done");
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  const auto proof = json::parse(std::get<outcome::Stopped>(outcome).proof)->as_object();
  EXPECT_TRUE(proof.contains("killed_at"));
  EXPECT_TRUE(proof.contains("reaped_at"));
  EXPECT_EQ(remains(), "");
}

// No `wget -T`: Debian's static busybox crashes at that before it asks anybody.
TEST_P(EngineTest, OneThatTriesTheNetworkReachesNothing) {
  const LocalServer server("never said");
  const std::string ask =
      "for host in 127.0.0.1 169.254.169.254 192.0.2.1; do wget -q -O - "
      "http://$host:" +
      server.port() + "/ 2>&1 && echo reached; done; exit 7";
  const auto failed = failure(run(ask));
  EXPECT_EQ(failed.error, "the program ended with exit status 7");
  EXPECT_EQ(out().find("reached"), std::string::npos) << out();
  EXPECT_NE(out().find("can't connect to remote host (192.0.2.1)"), std::string::npos) << out();
  EXPECT_EQ(server.answered(), 0) << "it came to the machine's own port";
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, OneThatSpinsHasItsShareOfTheProcessorsAndIsToldWhatItUsed) {
  std::string throttled;
  std::jthread stopper([&] {
    context_.await_output("ready");
    throttled = await_throttled();
    context_.request_stop();
  });
  const Outcome outcome =
      run("echo ready; while :; do :; done", R"(,"limits":{"cpus":0.1,"scratch":"1MiB"})");
  stopper.join();
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  EXPECT_NE(throttled, "") << "it had more than a tenth of a processor for a minute";
  EXPECT_EQ(share_of_processors_, 0.1);
  const std::string said = context_.logged(LogStream::system);
  EXPECT_NE(said.find(", user "), std::string::npos) << said;
  EXPECT_NE(said.find(", system "), std::string::npos) << said;
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, OneOverItsMemoryIsToldSo) {
  const auto failed = failure(
      run("tail -c 100000000 /dev/zero", R"(,"limits":{"memory":"24MiB","scratch":"1MiB"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("went over its memory limit of 24MiB"), std::string::npos)
      << failed.error << everything();
}

TEST_P(EngineTest, ACancelIsHeardByAProgramThatListens) {
  std::jthread stopper([&] {
    context_.await_output("ready");
    context_.request_stop();
  });
  const Outcome outcome = run(
      "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done", R"(,"grace":"60s")");
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  EXPECT_EQ(out(), "ready\nbye\n") << everything();
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, NothingGoesOnWhenWorkerAndSupervisorAreKilledAtOnce) {
  kill_both_when("ready\n", [&] {
    engine_ = opened_again();
    run("trap '' TERM; echo ready; sleep 1000 & while :; do sleep 1; done");
  });
  ASSERT_NE(opened_again(), nullptr);  // the next worker
  EXPECT_EQ(remains(), "");
}

TEST_P(EngineTest, TheMachinesNetworkIsThereForOneThatAsksForIt) {
  const LocalServer server("hello");
  EXPECT_TRUE(succeeded(
      run("wget -q -O - http://127.0.0.1:" + server.port() + "/", R"(,"network":"host")")))
      << everything();
  EXPECT_EQ(out(), "hello");
  EXPECT_EQ(server.answered(), 1);
}

}  // namespace
}  // namespace waybill
