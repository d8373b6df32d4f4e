// Nothing that a run has started outlives it: programs that fork, ignore SIGTERM, take a session of
// their own and daemonize with a cleaned environment, with and without cgroups.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <thread>

#include "base/json.h"
#include "kinds/command/command.h"
#include "kinds/command/test_support/recording_context.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

/// A pipe by name that every process of a run holds open for writing: its end is read when, and
/// only when, the last of them is gone.
class Lifeline {
 public:
  Lifeline() {
    EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0);
    EXPECT_EQ(::mkfifo((path() + ".go").c_str(), 0600), 0);
    reader_ = FileDescriptor(::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  std::string path() const { return context_.scratch_directory() + "/lifeline"; }

  /// Blocks until that many lines were written.
  void await_lines(int count) {
    while (count > 0) {
      pollfd entry{reader_.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&entry, 1, -1), 1);
      char c = 0;
      if (::read(reader_.get(), &c, 1) == 1 && c == '\n') --count;
    }
  }
  /// Lets a script go on that says kUntilToldTo.
  void tell_to_go_on() {
    const FileDescriptor go(::open((path() + ".go").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(go.get(), "\n", 1), 1);
  }
  /// Whether all that held it are gone now.
  bool is_cut() const {
    char buffer[4096];
    ssize_t got = 0;
    do got = ::read(reader_.get(), buffer, sizeof buffer);
    while (got > 0);
    return got == 0;
  }
  /// Blocks until they are.
  void await_cut() {
    ASSERT_EQ(::fcntl(reader_.get(), F_SETFL, 0), 0);
    ASSERT_TRUE(is_cut());
  }

 private:
  RecordingContext context_;  // for its directory
  FileDescriptor reader_;
};

/// Becomes a child that ignores SIGTERM, a child in a session of its own, and a daemon: forked
/// twice, in a session of its own, with an empty environment. Each writes a line when it is there.
constexpr std::string_view kRunaway = R"(
exec 9>"$LIFELINE"
trap '' TERM
sh -c 'echo child >&9; while :; do sleep 1; done' &
setsid sh -c 'echo session >&9; while :; do sleep 1; done' &
setsid sh -c 'env -i /bin/sh -c \
  "trap \"\" TERM HUP; echo daemon >&9; while :; do /bin/sleep 1; done" & exit 0'
)";
constexpr int kRunawayLines = 3;
constexpr std::string_view kUntilToldTo = "\nread line < \"$LIFELINE.go\"\n";
constexpr std::string_view kThenWait = "\nwhile :; do sleep 1; done\n";

struct Machine {
  UseCgroups cgroups;
  FindChildren find_children;
};

class RunawayTest : public ::testing::TestWithParam<Machine> {
 protected:
  std::unique_ptr<CommandKind> make_kind() { return make_kind(clock_); }
  static std::unique_ptr<CommandKind> make_kind(Clock& clock) {
    auto kind = CommandKind::create({.environment = inherited_environment(),
                                     .cgroups = GetParam().cgroups,
                                     .find_children = GetParam().find_children},
                                    clock);
    EXPECT_TRUE(kind.has_value()) << (kind ? "" : kind.error().message);
    return std::move(*kind);
  }
  Task shell(const std::string& script, std::string_view more = "") const {
    std::string spec =
        R"({"grace":"100ms","environment":{"LIFELINE":")" + lifeline_.path() + R"("},"shell":)";
    json::append_quoted(spec, script);
    Task task;
    task.request = a_task(1).kind("command").spec(spec + std::string(more) + "}");
    task.status.attempt = 1;
    return task;
  }
  bool guards_whole_group(const CommandKind& kind) const {
    return !kind.cgroup_roots().unified.empty();
  }

  SimClock clock_;
  Lifeline lifeline_;
  RecordingContext context_;
};

INSTANTIATE_TEST_SUITE_P(
    Machines, RunawayTest,
    ::testing::Values(Machine{UseCgroups::where_possible, FindChildren::listed_where_possible},
                      Machine{UseCgroups::never, FindChildren::listed_where_possible},
                      Machine{UseCgroups::never, FindChildren::scanned}),
    [](const auto& machine) {
      const bool scans = machine.param.find_children == FindChildren::scanned;
      if (scans) return "NoCgroupsAndNoListOfChildren";
      return machine.param.cgroups == UseCgroups::never ? "NoCgroups" : "All";
    });

TEST_P(RunawayTest, NothingSurvivesACancel) {
  const auto kind = make_kind();
  std::jthread stopper([&] {
    lifeline_.await_lines(kRunawayLines);
    context_.request_stop();
  });
  const Outcome outcome =
      kind->run(shell(std::string(kRunaway) + std::string(kThenWait)), context_);
  EXPECT_TRUE(lifeline_.is_cut());
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome));
  const auto proof = json::parse(std::get<outcome::Stopped>(outcome).proof)->as_object();
  EXPECT_EQ(proof.at("signal").as_int64(), SIGKILL);
  EXPECT_TRUE(proof.contains("reaped_at"));
}

TEST_P(RunawayTest, NothingSurvivesAProgramThatSucceeds) {
  const auto kind = make_kind();
  std::jthread starter([&] {
    lifeline_.await_lines(kRunawayLines);
    lifeline_.tell_to_go_on();
  });
  const Outcome outcome =
      kind->run(shell(std::string(kRunaway) + std::string(kUntilToldTo) + "exit 0\n"), context_);
  EXPECT_TRUE(lifeline_.is_cut());
  EXPECT_TRUE(std::holds_alternative<outcome::Succeeded>(outcome));
  EXPECT_NE(context_.logged(LogStream::system).find(" that it left behind"), std::string::npos);
}

TEST_P(RunawayTest, NothingSurvivesTheWorkerWhenItIsKilled) {
  const pid_t worker = ::fork();
  if (worker == 0) {
    const auto kind = make_kind();
    kind->run(shell(std::string(kRunaway) + std::string(kThenWait)), context_);
    ::_exit(1);  // not reached: it is killed before
  }
  lifeline_.await_lines(kRunawayLines);
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(worker, &status, 0), worker);
  EXPECT_TRUE(WIFSIGNALED(status));
  lifeline_.await_cut();
}

TEST_P(RunawayTest, NothingSurvivesWhenTheSupervisorItselfIsKilled) {
  const auto kind = make_kind();
  // Only a cgroup can end what has no parent left; the program itself ends by the kernel.
  const bool guards_all = guards_whole_group(*kind);
  std::jthread starter([&] {
    lifeline_.await_lines(kRunawayLines);
    lifeline_.tell_to_go_on();
  });
  const std::string program = guards_all
                                  ? std::string(kRunaway)
                                  : "exec 9>\"$LIFELINE\"\necho 1 >&9; echo 2 >&9; echo 3 >&9\n";
  const Outcome outcome = kind->run(
      shell(program + std::string(kUntilToldTo) + "kill -9 $PPID; exec sleep 1000\n"), context_);
  lifeline_.await_cut();
  ASSERT_TRUE(std::holds_alternative<outcome::Failed>(outcome));
  EXPECT_EQ(std::get<outcome::Failed>(outcome).error,
            "the program's supervisor was killed, and the program with it");
}

/// Moves on each time that it is asked.
class RestlessClock final : public Clock {
 public:
  Time now() const override { return Time{}; }
  SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::milliseconds(100) * ++asked_);
  }
  void wait_until(SteadyTime, std::stop_token) override {}

 private:
  mutable std::atomic<int> asked_ = 0;
};

TEST_P(RunawayTest, ARunEndsThoughWhatOutlivedItsSupervisorGoesOnPrinting) {
  RestlessClock clock;
  const auto kind = make_kind(clock);
  // The closed pipe ends them at last.
  constexpr std::string_view kPrinters = R"(
exec 9>"$LIFELINE"
for i in 1 2 3; do setsid sh -c 'echo printer >&9; exec yes' & done
read line < "$LIFELINE.go"
kill -9 $PPID
exec sleep 1000  # in place: the kernel ends it with its supervisor
)";
  std::jthread starter([&] {
    lifeline_.await_lines(3);
    lifeline_.tell_to_go_on();
  });
  const Outcome outcome =
      kind->run(shell(std::string(kPrinters), R"(,"limits":{"output":"1KiB"})"), context_);
  EXPECT_TRUE(std::holds_alternative<outcome::Failed>(outcome));
  EXPECT_NE(context_.logged(LogStream::system).find("output may be missing"), std::string::npos)
      << context_.logged(LogStream::system);
  lifeline_.await_cut();
}

TEST_P(RunawayTest, AForkBombStaysWithinItsLimitAndIsEnded) {
  const auto kind = make_kind();
  if (kind->cgroup_roots().pids.empty()) GTEST_SKIP() << "only a cgroup stops what forks";
  std::jthread stopper([&] {
    lifeline_.await_lines(20);
    context_.request_stop();
  });
  constexpr std::string_view kBomb = R"(exec python3 -c '
import os
lifeline = os.open(os.environ["LIFELINE"], os.O_WRONLY)
while True:
  try:
    if os.fork() == 0: os.setsid(); os.write(lifeline, b"x\n")
  except OSError: pass
')";
  const Outcome outcome =
      kind->run(shell(std::string(kBomb), R"(,"limits":{"processes":30})"), context_);
  EXPECT_TRUE(lifeline_.is_cut());
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome));
}

TEST_P(RunawayTest, ARunThatTheMemoryLimitEndsSaysSo) {
  const auto kind = make_kind();
  const Outcome outcome =
      kind->run(shell("exec python3 -c 'b = bytearray(300 << 20); print(len(b))'",
                      R"(,"limits":{"memory":"64MiB"})"),
                context_);
  ASSERT_TRUE(std::holds_alternative<outcome::Failed>(outcome));
  const auto& failed = std::get<outcome::Failed>(outcome);
  const std::string_view said = kind->cgroup_roots().memory.empty()
                                    ? "perhaps for its memory limit of 64MiB"
                                    : "killed: it went over its memory limit of 64MiB";
  EXPECT_NE(failed.error.find(said), std::string::npos) << failed.error;
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
}

}  // namespace
}  // namespace waybill
