// Several processes, and several threads, on one file.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "adapters/local/system_clock.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class Processes : public testing::Test {
 protected:
  std::string path() const { return directory_.path() + "/ledger.db"; }

  /// Runs `work` in a child; gives its process id. The child ends with 0 if the work succeeds; else
  /// it says why not.
  template <class Work>
  pid_t fork_child(Work work) {
    const pid_t child = fork();
    if (child != 0) return child;
    const Status done = work();
    if (!done) std::fprintf(stderr, "process %d: %s\n", getpid(), done.error().message.c_str());
    _exit(done ? 0 : 1);
  }
  static bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  /// Waits for all of them. Ends the rest when one gives up, since they may wait for its part.
  static bool all_end_well(std::vector<pid_t> children) {
    bool well = true;
    while (!children.empty()) {
      int status = 0;
      const pid_t ended = waitpid(-1, &status, 0);
      if (std::erase(children, ended) == 0) continue;
      if (ended_well(status)) continue;
      if (well) {
        for (const pid_t other : children) kill(other, SIGKILL);
      }
      well = false;
    }
    return well;
  }
  std::unique_ptr<SqliteLedger> open() {
    auto made = SqliteLedger::create(path(), clock_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
};

Status complete_some(Ledger& ledger) {
  const auto tasks = ledger.claim({.queues = {"default"}, .worker = "w", .limit = 7});
  if (!tasks) return fail(tasks.error());
  std::vector<Change> changes;
  for (const Task& task : *tasks) {
    const auto change =
        transition(task, event::Succeed{.fence = task.status.fence}, {.now = ledger.now()});
    if (!change) return fail(change.error());
    changes.push_back(*change);
  }
  const auto answers = ledger.apply(changes);
  if (!answers) return fail(answers.error());
  for (const Status& answer : *answers) {
    if (!answer) return answer;
  }
  return {};
}

/// Claims and completes until `count` tasks are done by anyone.
Status work_until(SqliteLedger& ledger, std::int64_t count) {
  for (;;) {
    if (Status some = complete_some(ledger.ledger()); !some) return some;
    const auto counts = ledger.reader().counts();
    if (!counts) return fail(counts.error());
    if (counts->empty()) continue;
    if (counts->front().by_state[static_cast<int>(State::succeeded)] == count) return {};
  }
}

TEST_F(Processes, FourProcessesMakeAndDoTasksTogetherAndNoneIsBusy) {
  constexpr int kEach = 100;
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(fork_child([&]() -> Status {
      auto ledger = SqliteLedger::create(path(), clock_);  // all of them make the file
      if (!ledger) return fail(ledger.error());
      for (int i = 0; i < kEach; ++i) {
        const int number = child * kEach + i + 1;
        const auto inserted = (*ledger)->ledger().insert(some_tasks(number, number));
        if (!inserted) return fail(inserted.error());
      }
      return work_until(**ledger, 4 * kEach);
    }));
  }
  ASSERT_TRUE(all_end_well(children));
  const auto report = open()->admin().check();
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->tasks_checked, 4 * kEach);
  EXPECT_EQ(report->violations_found, 0);
}

TEST_F(Processes, ProcessesThatMakeOneFileAtTheSameMomentAllGetIt) {
  for (int round = 0; round < 25; ++round) {
    const std::string path = directory_.path() + "/" + std::to_string(round) + ".db";
    int start[2];
    ASSERT_EQ(pipe2(start, O_CLOEXEC), 0);
    std::vector<pid_t> children;
    for (int child = 0; child < 6; ++child) {
      children.push_back(fork_child([&]() -> Status {
        close(start[1]);
        char none;
        (void)!read(start[0], &none, 1);  // ends when the last writer, the parent, closes its end
        const auto ledger = SqliteLedger::create(path, clock_);
        return ledger ? Status() : Status(fail(ledger.error()));
      }));
    }
    close(start[0]);
    close(start[1]);
    ASSERT_TRUE(all_end_well(children)) << "in round " << round;
  }
}

TEST_F(Processes, ACommitOfAnotherProcessWakesWhoWaitsForTheTail) {
  const auto ledger = open();
  ASSERT_TRUE(ledger->ledger().insert(some_tasks(1, 1)));
  const auto last = ledger->reader().last_sequence({}, {});
  ASSERT_TRUE(last.has_value());
  const pid_t child = fork_child([&]() -> Status {
    auto other = SqliteLedger::create(path(), clock_);
    if (!other) return fail(other.error());
    const auto inserted = (*other)->ledger().insert(some_tasks(2, 2));
    return inserted ? Status() : Status(fail(inserted.error()));
  });
  const auto next =
      ledger->reader().last_sequence(*last, Deadline{.at = clock_.steady_now() + 20s});
  EXPECT_GT(*next, *last);
  EXPECT_TRUE(all_end_well({child}));
}

TEST_F(Processes, ACallThatIsRefusedDoesNotUndoThoseItIsCommittedWith) {
  const auto ledger = open();
  std::vector<std::jthread> threads;
  std::atomic<int> refused = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const int number = thread * 50 + i + 1;
        const bool bad = i % 5 == 0;
        const auto inserted = ledger->ledger().insert(std::vector<TaskRequest>{
            bad ? a_task(number).waits_for({task_id(9999)}) : a_task(number)});
        if (!inserted) ++refused;
        EXPECT_EQ(inserted.has_value(), !bad);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(refused, 80);
  EXPECT_EQ(ledger->admin().stats()->tasks, 320);
  EXPECT_EQ(ledger->admin().check()->violations_found, 0);
}

TEST_F(Processes, OldEventsAreTrimmedAndAskingForThemIsOutOfRange) {
  auto made = SqliteLedger::create(path(), clock_, {.events_kept = 50});
  ASSERT_TRUE(made.has_value());
  for (int number = 1; number <= 400; ++number) {
    ASSERT_TRUE((*made)->ledger().insert(some_tasks(number, number)));
  }
  const auto stats = (*made)->admin().stats();
  EXPECT_GE(stats->events_kept, 50);
  EXPECT_LE(stats->events_kept, 60);
  EXPECT_EQ((*made)->reader().events(0, 10).error().code, Code::out_of_range);
  const auto last = (*made)->reader().last_sequence({}, {});
  EXPECT_TRUE((*made)->reader().events(*last, 10)->empty());
}

TEST_F(Processes, TheLogIsWrittenBackAndBeginsAnew) {
  auto made = SqliteLedger::create(path(), clock_, {.log_bytes_max = 1 << 20});
  ASSERT_TRUE(made.has_value());
  for (int first = 1; first <= 20'000; first += 100) {
    ASSERT_TRUE((*made)->ledger().insert(some_tasks(first, first + 99)));
  }
  EXPECT_LT((*made)->admin().stats()->log_bytes, 3 << 20);
}

}  // namespace
}  // namespace waybill
