// Several processes, and several threads, on one file.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

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

  /// Runs `work` in a child; gives its process id. The child ends with 0 if the work says true.
  template <class Work>
  pid_t fork_child(Work work) {
    const pid_t child = fork();
    if (child == 0) _exit(work() ? 0 : 1);
    return child;
  }
  static bool ended_well(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  std::unique_ptr<SqliteLedger> open() {
    auto made = SqliteLedger::create(path(), clock_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
};

/// Claims and completes until `count` tasks are done by anyone.
bool work_until(SqliteLedger& ledger, std::int64_t count) {
  Ledger& port = ledger.ledger();
  for (;;) {
    const auto tasks = port.claim({.queues = {"default"}, .worker = "w", .limit = 7});
    if (!tasks) return false;
    std::vector<Change> changes;
    for (const Task& task : *tasks) {
      const auto change =
          transition(task, event::Succeed{.fence = task.status.fence}, {.now = port.now()});
      if (!change) return false;
      changes.push_back(*change);
    }
    const auto answers = port.apply(changes);
    if (!answers) return false;
    for (const Status& answer : *answers) {
      if (!answer) return false;
    }
    const auto counts = ledger.reader().counts();
    if (!counts) return false;
    if (!counts->empty() && counts->front().by_state[static_cast<int>(State::succeeded)] == count) {
      return true;
    }
  }
}

TEST_F(Processes, FourProcessesMakeAndDoTasksTogetherAndNoneIsBusy) {
  constexpr int kEach = 100;
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(fork_child([&] {
      auto ledger = SqliteLedger::create(path(), clock_);  // all of them make the file
      if (!ledger) return false;
      for (int i = 0; i < kEach; ++i) {
        const int number = child * kEach + i + 1;
        if (!(*ledger)->ledger().insert(some_tasks(number, number))) return false;
      }
      return work_until(**ledger, 4 * kEach);
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(ended_well(child));
  const auto report = open()->admin().check();
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->tasks_checked, 4 * kEach);
  EXPECT_EQ(report->violations_found, 0);
}

TEST_F(Processes, ACommitOfAnotherProcessWakesWhoWaitsForTheTail) {
  const auto ledger = open();
  ASSERT_TRUE(ledger->ledger().insert(some_tasks(1, 1)));
  const auto last = ledger->reader().last_sequence({}, {});
  ASSERT_TRUE(last.has_value());
  const pid_t child = fork_child([&] {
    auto other = SqliteLedger::create(path(), clock_);
    return other && (*other)->ledger().insert(some_tasks(2, 2)).has_value();
  });
  const auto next =
      ledger->reader().last_sequence(*last, Deadline{.at = clock_.steady_now() + 20s});
  EXPECT_GT(*next, *last);
  EXPECT_TRUE(ended_well(child));
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
