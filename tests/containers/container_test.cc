// What containers are promised, by real ones.

#include "kinds/command/container_group.h"
#include "kinds/command/worker_mark.h"
#include "tests/containers/container_fixture.h"

namespace waybill {
namespace {

TEST_F(ContainerTest, TheProgramHasNoRightsNoNetworkAndOneWritablePlace) {
  const Outcome outcome = run(R"(
id -u; pwd; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
for place in / /etc /bin /run /run/waybill /dev /sys /var; do
  touch $place/x 2>/dev/null && echo "wrote $place"
done
touch /tmp/x "$WAYBILL_SCRATCH/x" "$WAYBILL_ARTIFACTS/x" && echo places
ip -o link | wc -l
wget -q -T 2 -O - http://127.0.0.1:1/ || echo no network
exit 0)");
  EXPECT_TRUE(succeeded(outcome)) << everything();
  EXPECT_EQ(out(),
            "65534\n/waybill/scratch\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
            "NoNewPrivs:\t1\nSeccomp:\t2\nplaces\n1\nno network\n");
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, ItIsToldWhatACommandIsToldAndReportsLikeOne) {
  context_.checkpoint_before = R"({"page":7})";
  context_.secrets = {{"password", "hunter2"}};
  Task task = task_of(R"(
echo "$WAYBILL_PARAMS $WAYBILL_TASK_ID $WAYBILL_ATTEMPT $WAYBILL_CHECKPOINT $COLOUR $PASSWORD"
cat
echo '{"progress":{"done":1}}' >&$WAYBILL_REPORT_FD
echo '{"output":{"words":3}}' >&$WAYBILL_REPORT_FD
echo left > "$WAYBILL_ARTIFACTS/a.txt"
echo said > b.txt; echo '{"artifact":{"path":"/waybill/scratch/b.txt","name":"b"}}' >&3
ls / | tail -n 1 > /dev/null; echo err >&2)",
                      R"(,"stdin":"from stdin\n","secrets":{"PASSWORD":"password"},)"
                      R"("environment":{"COLOUR":"deep\nblue"})");
  task.request.params = R"({"--privileged":"--network=host"})";
  task.status.attempt = 3;
  ContainerKind kind(podman_);
  const Outcome outcome = kind.run(task, context_);
  ASSERT_TRUE(succeeded(outcome)) << everything() << failure(outcome).error;
  EXPECT_EQ(out(), R"({"--privileged":"--network=host"} )" + to_string(task.id()) +
                       " 3 {\"page\":7} deep\nblue hunter2\nfrom stdin\n");
  EXPECT_EQ(context_.logged(LogStream::err), "err\n");
  EXPECT_EQ(std::get<outcome::Succeeded>(outcome).result, R"({"words":3})");
  ASSERT_EQ(context_.progress_reports.size(), 1u);
  ASSERT_EQ(context_.kept_files.size(), 2u);
  EXPECT_EQ(context_.kept_files[0].bytes, "left\n");
  EXPECT_EQ(context_.kept_files[1].bytes, "said\n");
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, LongParamsAreInAFileThatTheProgramCanRead) {
  Task task = task_of(R"(wc -c < "$WAYBILL_PARAMS_FILE")");
  task.request.params = R"({"x":")" + std::string(200 << 10, 'x') + R"("})";
  ContainerKind kind(podman_);
  EXPECT_TRUE(succeeded(kind.run(task, context_))) << everything();
  EXPECT_EQ(out(), std::to_string(task.request.params.size()) + "\n");
}

TEST_F(ContainerTest, AllThatIsPrintedIsKept) {
  EXPECT_TRUE(succeeded(run("seq 1 100000")));
  EXPECT_EQ(out().size(), 588895u);
  EXPECT_TRUE(out().ends_with("\n100000\n"));
}

TEST_F(ContainerTest, ExitStatusesAreTheProgramsOwn) {
  EXPECT_EQ(failure(run("exit 75")).failure_class, FailureClass::transient);
  // What podman itself would end with.
  for (const char* status : {"125", "126", "127", "137"}) {
    RecordingContext context;
    const auto failed = failure(run(context, "exit " + std::string(status)));
    EXPECT_EQ(failed.failure_class, FailureClass::permanent);
    EXPECT_EQ(failed.error, "the program ended with exit status " + std::string(status));
  }
  RecordingContext context;
  EXPECT_TRUE(succeeded(run(context, "exit 4", R"(,"exit_codes":{"4":"succeeded"})")));
}

TEST_F(ContainerTest, AProgramThatTheImageLacksFailsForGood) {
  Task task = task_of("");
  task.request.spec =
      R"({"image":")" + image_ + R"(","command":["no-such-program"],"args":["--help"]})";
  ContainerKind kind(podman_);
  const auto failed = failure(kind.run(task, context_));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error,
            "cannot run the program in the image: No such file or directory; check the command, "
            "and that the image is of this machine's architecture");
}

TEST_F(ContainerTest, AnImageThatIsNotHereIsNotFetchedUnasked) {
  Task task = task_of("");
  const std::string absent = "localhost/absent@sha256:" + std::string(64, 'a');
  task.request.spec = R"({"image":")" + absent + R"(","command":["true"]})";
  ContainerKind kind(podman_);
  const auto failed = failure(kind.run(task, context_));
  EXPECT_EQ(failed.failure_class, FailureClass::transient);
  EXPECT_NE(failed.error.find("`podman pull " + absent + "`), or say `pull: missing`"),
            std::string::npos)
      << failed.error;
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, ADiskThatIsFilledIsItsOwnAndIsGone) {
  const auto failed = failure(run("dd if=/dev/zero of=big bs=64k 2>&1; wc -c < big; exit 9",
                                  R"(,"limits":{"scratch":"1MiB"})"));
  EXPECT_EQ(failed.error, "the program ended with exit status 9");
  EXPECT_NE(out().find("No space left on device"), std::string::npos) << out();
  EXPECT_TRUE(out().ends_with("1048576\n")) << out();
  // The attempt's directory on the machine's own disk has none of it.
  EXPECT_FALSE(std::filesystem::exists(context_.scratch_directory() + "/box/scratch"));
}

TEST_F(ContainerTest, AProgramOverItsMemoryLimitIsToldSo) {
  const auto failed = failure(
      run("tail -c 100000000 /dev/zero", R"(,"limits":{"memory":"24MiB","scratch":"1MiB"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("went over its memory limit of 24MiB"), std::string::npos)
      << failed.error << everything();
}

TEST_F(ContainerTest, AForkBombStaysWithinItsLimitAndIsEnded) {
  std::jthread stopper([&] {
    context_.await_output("x\nx\nx\nx\nx\nx\nx\nx\n");
    context_.request_stop();
  });
  const Outcome outcome =
      run("bomb() { echo x; bomb & bomb; }; trap '' TERM; while :; do bomb; done",
          R"(,"limits":{"processes":20,"output":"4KiB"})");
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, ACancelIsHeardByAProgramThatListens) {
  std::jthread stopper([&] {
    context_.await_output("ready");
    context_.request_stop();
  });
  const Outcome outcome = run(
      "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done", R"(,"grace":"60s")");
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  EXPECT_EQ(out(), "ready\nbye\n");
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, AProgramThatIgnoresSigtermIsKilledAfterTheGrace) {
  std::jthread stopper([&] {
    context_.await_output("ready");
    context_.request_stop();
  });
  const Outcome outcome = run("trap '' TERM; echo ready; while :; do sleep 1; done");
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  const auto proof = json::parse(std::get<outcome::Stopped>(outcome).proof)->as_object();
  EXPECT_TRUE(proof.contains("killed_at"));
  EXPECT_TRUE(proof.contains("reaped_at"));
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, NothingIsLeftOfAKilledWorkersContainer) {
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t worker = ::fork();
  if (worker == 0) {
    std::jthread teller([&] {
      context_.await_output("ready");
      if (::write(ready[1], "x", 1) != 1) ::_exit(2);
    });
    run("trap '' TERM; echo ready; sleep 1000 & while :; do sleep 1; done");
    ::_exit(1);  // not reached: it is killed before
  }
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1) << "the worker ended too early";
  EXPECT_NE(left(), "");
  const FileDescriptor supervisor = supervisor_of(worker);
  ASSERT_TRUE(supervisor.is_open());
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  ASSERT_EQ(::waitpid(worker, nullptr, 0), worker);
  pollfd end{supervisor.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, -1), 1);
  EXPECT_EQ(left(), "");
  ::close(ready[0]);
}

TEST_F(ContainerTest, NothingIsLeftWhenTheSupervisorItselfIsKilled) {
  std::jthread killer([&] {
    context_.await_output("ready");
    const FileDescriptor supervisor = supervisor_of(::getpid());
    ASSERT_EQ(::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGKILL, nullptr, 0), 0);
  });
  const auto failed = failure(run("trap '' TERM; echo ready; while :; do sleep 1; done"));
  EXPECT_EQ(failed.failure_class, FailureClass::transient);
  EXPECT_EQ(failed.error, "the program's supervisor was killed, and the program with it");
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, NothingGoesOnWhenWorkerAndSupervisorAreKilledAtOnce) {
  kill_both_when("ready\n",
                 [&] { run("trap '' TERM; echo ready; sleep 1000 & while :; do sleep 1; done"); });
  ASSERT_NE(open_podman(), nullptr);  // the next worker
  EXPECT_EQ(left(), "");
  EXPECT_EQ(remains_of(store_ + "/no"), "");
}

TEST_F(ContainerTest, WhatIsLeftOfAnEarlierAttemptIsEndedBeforeTheNextBegins) {
  // As if a worker that is still there had lost its lease, and did not know.
  Task task = task_of(R"(echo "this one")");
  const auto earlier = podman_->call(
      {"run", "--detach", "--name=" + container_name(to_string(task.id()), 1),
       "--label=" + std::string(kTaskLabel) + to_string(task.id()), "--network=none",
       "--ulimit=nofile=64:64", "--ulimit=nproc=64:64", "localhost/box:1", "sleep", "100000"});
  ASSERT_EQ(earlier->status, 0) << earlier->complaint;
  EXPECT_NE(left(), "");
  task.status.fence = 2;
  ContainerKind kind(podman_);
  EXPECT_TRUE(succeeded(kind.run(task, context_))) << everything();
  EXPECT_EQ(out(), "this one\n");
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, ContainersOfWorkersThatAreGoneAreRemovedAtTheStart) {
  const auto made = podman_->call({"create", "--name=orphan", "--label=io.waybill.worker=1-1",
                                   "--network=none", "localhost/box:1", "true"});
  ASSERT_EQ(made->status, 0) << made->complaint;
  EXPECT_EQ(left(), "orphan\n");
  ASSERT_NE(open_podman(), nullptr);
  EXPECT_EQ(left(), "");
}

TEST_F(ContainerTest, TheMachinesNetworkIsThereForOneThatAsksForIt) {
  EXPECT_TRUE(succeeded(run("ip -o link", R"(,"network":"host")"))) << everything();
  EXPECT_EQ(out().empty(), false);
}

TEST(ContainerHost, AMachineWithoutPodmanIsToldWhatIsMissing) {
  if (::geteuid() != 0) GTEST_SKIP() << "containers take root";
  SimClock clock;
  const auto podman = Podman::open({.environment = {{"PATH", "/nowhere"}}, .store = ""}, clock);
  ASSERT_FALSE(podman.has_value());
  EXPECT_EQ(podman.error().code, Code::failed_precondition);
  EXPECT_NE(podman.error().message.find("install podman, runc and conmon"), std::string::npos)
      << podman.error().message;
}

TEST(ContainerHost, AStoreWithALongerNameThanPodmanTakesIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "containers take root";
  SimClock clock;
  const auto podman = Podman::open(
      {.environment = inherited_environment(), .store = "/" + std::string(42, 'x')}, clock);
  ASSERT_FALSE(podman.has_value());
  EXPECT_NE(podman.error().message.find("more than 42 characters"), std::string::npos)
      << podman.error().message;
}

}  // namespace
}  // namespace waybill
