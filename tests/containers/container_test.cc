// What podman alone does; what every engine promises is in conformance_test.cc.

#include "kinds/command/container_group.h"
#include "kinds/command/worker_mark.h"
#include "tests/containers/container_fixture.h"
#include "tests/containers/local_server.h"

namespace waybill {
namespace {

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

/// Whether podman has what makes its bridges.
bool has_bridges() {
  const auto is_there = [](const char* path) { return ::access(path, X_OK) == 0; };
  return is_there("/usr/lib/cni/bridge") || is_there("/usr/lib/podman/netavark");
}

TEST_F(ContainerTest, ABridgeReachesTheMachineForOneThatAsksForIt) {
  if (!has_bridges()) GTEST_SKIP() << "no netavark, no containernetworking-plugins";
  const LocalServer server("hello");
  const std::string ask =
      "set -- $(ip route | grep default); wget -q -O - http://$3:" + server.port() + "/";
  EXPECT_TRUE(succeeded(run(ask, R"(,"network":"bridge")"))) << everything();
  EXPECT_EQ(out(), "hello");
  EXPECT_EQ(left(), "");
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
