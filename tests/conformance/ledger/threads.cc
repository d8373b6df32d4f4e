// Many threads at once: nothing is lost, nothing is given twice.

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <map>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 8;

/// Runs `work(i)` in kThreads threads that begin together.
void together(const std::function<void(int)>& work) {
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

TEST_P(LedgerConformance, InsertsOfManyThreadsAreAllKept) {
  together([&](int thread) {
    for (int i = 0; i < 25; ++i) {
      const int first = thread * 1000 + i * 4;
      const auto answers = ledger().insert(some_tasks(first, first + 3));
      ASSERT_TRUE(answers.has_value()) << answers.error().message;
    }
  });
  EXPECT_EQ(count("default", State::ready), kThreads * 100);
  EXPECT_EQ(all_events().size(), static_cast<std::size_t>(kThreads * 100));
}

TEST_P(LedgerConformance, OfRivalsForAnIdOrAKeyExactlyOneWins) {
  std::atomic<int> inserted = 0;
  together([&](int thread) {
    for (int i = 0; i < 20; ++i) {
      const auto own = a_task(1000 * (thread + 1) + i).dedup("k" + std::to_string(i));
      const auto answers = ledger().insert(a_batch({a_task(i), own}));
      ASSERT_TRUE(answers.has_value()) << answers.error().message;
      for (const Inserted& one : *answers) inserted += one.outcome == InsertOutcome::inserted;
    }
  });
  EXPECT_EQ(inserted, 40);
  EXPECT_EQ(count("default", State::ready), 40);
}

TEST_P(LedgerConformance, ClaimsOfManyThreadsNeverOverlap) {
  insert(some_tasks(1, 400));
  Mutex mutex;
  std::multiset<Uuid> claimed;
  together([&](int) {
    for (;;) {
      const auto tasks = ledger().claim({.queues = {"default"}, .worker = "w", .limit = 7});
      ASSERT_TRUE(tasks.has_value()) << tasks.error().message;
      if (tasks->empty()) return;
      const Lock lock(mutex);
      for (const Task& task : *tasks) claimed.insert(task.id());
    }
  });
  EXPECT_EQ(claimed.size(), 400u);
  EXPECT_EQ(std::set<Uuid>(claimed.begin(), claimed.end()).size(), 400u);
}

TEST_P(LedgerConformance, ALimitHoldsAgainstManyThreads) {
  ASSERT_TRUE(registry().put_queue({.name = "default", .concurrency_max = 5}));
  insert(some_tasks(1, 100));
  std::atomic<int> claimed = 0;
  together([&](int) {
    for (int i = 0; i < 5; ++i) {
      const auto tasks = ledger().claim({.queues = {"default"}, .worker = "w", .limit = 2});
      ASSERT_TRUE(tasks.has_value());
      claimed += static_cast<int>(tasks->size());
    }
  });
  EXPECT_EQ(claimed, 5);
}

TEST_P(LedgerConformance, OfRivalChangesExactlyOneTakesEffect) {
  insert(some_tasks(1, 20));
  const auto leased = claim(20);
  std::atomic<int> applied = 0;
  together([&](int thread) {
    for (const Task& task : leased) {
      const Event event = thread % 2 == 0 ? Event(event::Succeed{.fence = task.status.fence})
                                          : event::GiveBack{.fence = task.status.fence};
      applied += apply_one(change_of(task, event)).has_value();
    }
  });
  EXPECT_EQ(applied, 20);
  EXPECT_EQ(all_events().size(), 60u);
}

TEST_P(LedgerConformance, AWholeLifeInManyThreadsEndsWithEveryTaskDoneOnce) {
  std::vector<TaskRequest> tasks = some_tasks(1, 100);
  for (int i = 101; i <= 200; ++i) {
    tasks.push_back(a_task(i).waits_for({task_id(i - 100), task_id((i - 100) % 100 + 1)}));
  }
  insert(tasks);
  std::atomic<int> done = 0;
  together([&](int) {
    while (done < 200) {
      const auto claimed = ledger().claim({.queues = {"default"}, .worker = "w", .limit = 5});
      ASSERT_TRUE(claimed.has_value());
      std::vector<Change> changes;
      for (const Task& task : *claimed) {
        changes.push_back(change_of(task, event::Succeed{.fence = task.status.fence}));
      }
      const auto answers = ledger().apply(changes);
      ASSERT_TRUE(answers.has_value());
      for (const Status& answer : *answers) EXPECT_TRUE(answer.has_value());
      done += static_cast<int>(answers->size());
    }
  });
  EXPECT_EQ(count("default", State::succeeded), 200);
  std::map<Uuid, int> successes;
  std::uint64_t last = 0;
  for (const LedgerEvent& event : all_events()) {
    EXPECT_GT(event.sequence, last);
    last = event.sequence;
    successes[event.id] += event.entry.happening == Happening::succeeded;
  }
  for (const auto& [id, count] : successes) EXPECT_EQ(count, 1) << to_string(id);
}

TEST_P(LedgerConformance, AReaderOfTheTailMissesNothingWhileManyWrite) {
  std::vector<std::uint64_t> followed;
  std::jthread follower([&] {
    std::uint64_t after = 0;
    while (followed.size() < kThreads * 50) {
      ASSERT_TRUE(reader().last_sequence(after, {}).has_value());
      const auto events = reader().events(after, 10);
      ASSERT_TRUE(events.has_value());
      for (const LedgerEvent& event : *events) followed.push_back(event.sequence);
      if (!events->empty()) after = events->back().sequence;
    }
  });
  together([&](int thread) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(ledger().insert(a_batch({a_task(thread * 1000 + i)})).has_value());
    }
  });
  follower.join();
  std::vector<std::uint64_t> whole;
  for (const LedgerEvent& event : all_events()) whole.push_back(event.sequence);
  EXPECT_EQ(followed, whole);
}

}  // namespace
}  // namespace waybill
