// What a run store makes of a ledger that was damaged.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/run_store/builders.h"

namespace waybill {
namespace {

using namespace run_store_suite;

class DamagedRuns : public testing::Test {
 protected:
  DamagedRuns() : ledger_(SqliteLedger::create(path(), clock_).value()) {
    for (std::uint8_t id = 1; id <= 3; ++id) {
      EXPECT_TRUE(ledger_->runs().create(a_run(id)));
      EXPECT_EQ(hold_one(ledger_->runs(), held_by("one", id)), true);
    }
  }
  std::string path() const { return directory_.path() + "/ledger.db"; }
  void damage(const std::string& sql) {
    auto raw = sqlite::Database::open({.path = path()}, clock_);
    ASSERT_TRUE(raw);
    const std::string unchecked = "PRAGMA ignore_check_constraints = ON;" + sql;
    const Status done = (*raw)->execute(unchecked.c_str());
    ASSERT_TRUE(done) << done.error().message;
  }

  TemporaryDirectory directory_;
  SimClock clock_;
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(DamagedRuns, ARowThatCannotBeReadKeepsNoOthersFromTheList) {
  damage("UPDATE runs SET anew = '{' WHERE number = 2");
  for (const bool is_live : {false, true}) {
    const auto page = ledger_->runs().page({.is_live = is_live});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->runs.size(), 2u);
    EXPECT_EQ(page->runs[0].id, run_id(is_live ? 1 : 3));
    EXPECT_EQ(page->runs[1].id, run_id(is_live ? 3 : 1));
  }
  EXPECT_EQ(ledger_->runs().get(run_id(2)).error().code, Code::data_loss);
}

TEST_F(DamagedRuns, ANodeThatCannotBeReadIsSaidToBeDamaged) {
  ASSERT_TRUE(ledger_->runs().settle(settled(1, {start_of("a", 11)})));
  damage("UPDATE run_nodes SET fingerprint = '{'");
  const auto nodes = ledger_->runs().nodes({.run = run_id(1)});
  ASSERT_FALSE(nodes);
  EXPECT_EQ(nodes.error().code, Code::data_loss);
}

}  // namespace
}  // namespace waybill
