// What a page costs in a ledger of many finished tasks; what it holds is for the conformance suite.

#include "adapters/sqlite/page.h"

#include <gtest/gtest.h>

#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill::sqlite {
namespace {

constexpr int kFinished = 50'000;
constexpr int kBatch = 5'000;

/// Steps of SQLite's virtual machine in all statements of a connection since the last call.
int steps_of(Database& database) {
  int steps = 0;
  sqlite3_stmt* statement = nullptr;
  while ((statement = sqlite3_next_stmt(database.connection(), statement)) != nullptr) {
    steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, /*reset=*/1);
  }
  return steps;
}

/// Tasks 1 and 2 failed first, then 50,000 succeeded, one a microsecond, then 50,003 became ready.
class PagesOfManyFinishedTasks : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<TemporaryDirectory>();
    auto made = SqliteLedger::create(path(), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    Ledger& ledger = (*made)->ledger();
    finish(ledger, 1, 2, event::Fail{1, FailureClass::permanent, "no such page", {}});
    for (int first = 3; first < kFinished + 3; first += kBatch) {
      finish(ledger, first, first + kBatch - 1, event::Succeed{.fence = 1});
    }
    ASSERT_TRUE(ledger.insert(some_tasks(kFinished + 3, kFinished + 3)));
  }
  static void TearDownTestSuite() { directory_.reset(); }

  static std::string path() { return directory_->path() + "/ledger.db"; }

  static void finish(Ledger& ledger, int first, int last, const Event& event) {
    ASSERT_TRUE(ledger.insert(some_tasks(first, last)));
    const auto claimed = ledger.claim({.queues = {"default"}, .worker = "w", .limit = kBatch});
    ASSERT_TRUE(claimed.has_value());
    std::vector<Change> changes;
    for (const Task& task : *claimed) {
      clock_.advance(std::chrono::microseconds(1));
      changes.push_back(*transition(task, event, {.now = clock_.now()}));
    }
    ASSERT_TRUE(ledger.apply(changes));
  }

  void SetUp() override {
    auto opened = Database::open({.path = path()}, clock_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    database_ = std::move(*opened);
  }

  /// The handles of a page; what it cost is in steps_.
  std::vector<std::int64_t> page(const PageParams& params) {
    (void)steps_of(*database_);
    const auto page = read_page(*database_, params);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    steps_ = steps_of(*database_);
    cursor_ = page->next_cursor;
    std::vector<std::int64_t> handles;
    for (const Task& task : page->tasks) handles.push_back(task.handle);
    return handles;
  }

  using Handles = std::vector<std::int64_t>;
  static constexpr int kCheap = 1'000;  // a walk over all tasks takes more than 300,000 steps

  static inline std::unique_ptr<TemporaryDirectory> directory_;
  static inline SimClock clock_{OnWait::blocks};
  std::unique_ptr<Database> database_;
  int steps_ = 0;
  std::string cursor_;
};

TEST_F(PagesOfManyFinishedTasks, AWalkOverAllOfThemIsSeenInTheSteps) {
  EXPECT_EQ(page({.filter = {.created_by = "nobody"}}), Handles());
  EXPECT_GT(steps_, 300'000);
}

TEST_F(PagesOfManyFinishedTasks, RareStatesCostWhatTheyReturn) {
  EXPECT_EQ(page({.filter = {.states = {State::failed}}}), Handles({2, 1}));
  EXPECT_LT(steps_, kCheap);
  EXPECT_EQ(page({.filter = {.states = {State::ready, State::failed}}, .limit = 2}),
            Handles({kFinished + 3, 2}));
  EXPECT_LT(steps_, kCheap);
  EXPECT_EQ(page({.filter = {.states = {State::ready}}, .order = PageOrder::oldest_first}),
            Handles({kFinished + 3}));
  EXPECT_LT(steps_, kCheap);
  for (const State none : {State::blocked, State::scheduled, State::leased, State::cancelled}) {
    EXPECT_EQ(page({.filter = {.states = {none}}}), Handles());
    EXPECT_LT(steps_, kCheap);
  }
}

TEST_F(PagesOfManyFinishedTasks, AQueueWithoutTasksCostsNothing) {
  EXPECT_EQ(page({.filter = {.queue = "nowhere"}}), Handles());
  EXPECT_LT(steps_, kCheap);
}

TEST_F(PagesOfManyFinishedTasks, CommonStatesCostWhatTheyReturn) {
  const PageParams params{.filter = {.states = {State::succeeded}}, .limit = 3};
  EXPECT_EQ(page(params), Handles({kFinished + 2, kFinished + 1, kFinished}));
  EXPECT_LT(steps_, kCheap);
}

TEST_F(PagesOfManyFinishedTasks, RetentionCostsWhatItReturns) {
  PageParams params{.filter = {.states = {State::succeeded}, .finished_before = clock_.now()},
                    .order = PageOrder::first_finished,
                    .limit = 3};
  EXPECT_EQ(page(params), Handles({3, 4, 5}));
  EXPECT_LT(steps_, kCheap);
  params.cursor = cursor_;
  EXPECT_EQ(page(params), Handles({6, 7, 8}));
  EXPECT_LT(steps_, kCheap);
  params = {.filter = {.finished_before = clock_.now() - std::chrono::hours(1)},
            .order = PageOrder::first_finished};
  EXPECT_EQ(page(params), Handles());
  EXPECT_LT(steps_, kCheap);
}

}  // namespace
}  // namespace waybill::sqlite
