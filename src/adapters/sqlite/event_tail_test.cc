// How changes are numbered when one transaction has more of them than a row of events holds; the
// rest is for the conformance suite.

#include "adapters/sqlite/event_tail.h"

#include <gtest/gtest.h>

#include "adapters/sqlite/sqlite_ledger.h"
#include "adapters/sqlite/transaction.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill::sqlite {
namespace {

constexpr int kMany = 2 * Transaction::kChangesMax + 1;

class EventsOfAGreatTransaction : public testing::Test {
 protected:
  void SetUp() override {
    auto made = SqliteLedger::create(path(), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    ledger_ = std::move(*made);
    ASSERT_TRUE(ledger_->ledger().insert(some_tasks(1, kMany)));
  }
  std::string path() const { return directory_.path() + "/ledger.db"; }

  TemporaryDirectory directory_;
  SimClock clock_;
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(EventsOfAGreatTransaction, AreAllToldInOrder) {
  const auto events = ledger_->reader().events(0, 2 * kMany);
  ASSERT_TRUE(events.has_value());
  ASSERT_EQ(events->size(), static_cast<std::size_t>(kMany));
  std::uint64_t before = 0;
  for (int i = 0; i < kMany; ++i) {
    const LedgerEvent& event = (*events)[static_cast<std::size_t>(i)];
    ASSERT_EQ(event.id, task_id(i + 1));
    ASSERT_GT(event.sequence, before);
    before = event.sequence;
  }
  EXPECT_EQ(*ledger_->reader().last_sequence({}, {}), events->back().sequence);
}

TEST_F(EventsOfAGreatTransaction, AreInRowsOfBoundedSize) {
  auto database = Database::open({.path = path()}, clock_);
  ASSERT_TRUE(database.has_value()) << database.error().message;
  const auto last = (*database)->statement(Sql::last_event);
  ASSERT_TRUE(last.has_value());
  ASSERT_TRUE(*(*last)->step());
  EXPECT_EQ((*last)->integer(0), 3) << "rows";
  EXPECT_EQ((*last)->integer(1), kMany) << "changes in all";
  EXPECT_EQ((*last)->integer(2), 1) << "changes in the last";
}

TEST_F(EventsOfAGreatTransaction, PassTheCheck) {
  const auto report = ledger_->admin().check();
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->violations.empty()) << report->violations.front().message;
}

}  // namespace
}  // namespace waybill::sqlite
