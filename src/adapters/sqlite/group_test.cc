// What calls that are committed in one transaction see of each other.

#include <gtest/gtest.h>

#include "adapters/sqlite/apply.h"
#include "adapters/sqlite/check.h"
#include "adapters/sqlite/claim.h"
#include "adapters/sqlite/insert.h"
#include "adapters/sqlite/migrate.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill::sqlite {
namespace {

class Group : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open(
        {.path = directory_.path() + "/ledger.db", .mode = OpenMode::create}, clock_);
    ASSERT_TRUE(opened.has_value());
    database_ = std::move(*opened);
    ASSERT_TRUE(migrate(*database_).has_value());
    transaction_ = std::make_unique<Transaction>(*database_, 1000);
  }

  Status insert(const TaskRequest& request) {
    std::vector<Inserted> answers;
    return Insertion(std::span(&request, 1), clock_.now()).run(*transaction_, answers);
  }
  std::vector<Task> claim() {
    std::vector<Task> claimed;
    const ClaimParams params{.queues = {"default"}, .worker = "w", .limit = 1};
    EXPECT_TRUE(claim_tasks(*transaction_, params, clock_.now(), claimed));
    return claimed;
  }
  Status succeed(const Task& task) {
    const auto change = transition(task, event::Succeed{.fence = task.status.fence, .result = {}},
                                   {.now = clock_.now()});
    std::vector<Status> answers;
    if (Status applied = apply_changes(*transaction_, std::span(&*change, 1), answers); !applied) {
      return applied;
    }
    return answers.at(0);
  }

  TemporaryDirectory directory_;
  SimClock clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Transaction> transaction_;
};

TEST_F(Group, ATaskDoesNotWaitForOneThatSucceededJustBeforeInTheSameTransaction) {
  ASSERT_TRUE(transaction_->begin());
  ASSERT_TRUE(insert(a_task(1)));
  const auto first = claim();
  ASSERT_TRUE(transaction_->commit());
  ASSERT_EQ(first.size(), 1U);

  ASSERT_TRUE(transaction_->begin());
  ASSERT_TRUE(succeed(first[0]));
  TaskRequest second = a_task(2);
  second.waits_for = {first[0].id()};
  ASSERT_TRUE(insert(second));
  ASSERT_TRUE(transaction_->commit());

  ASSERT_TRUE(transaction_->begin());
  const auto then = claim();
  ASSERT_TRUE(transaction_->commit());
  ASSERT_EQ(then.size(), 1U);
  EXPECT_EQ(then[0].id(), second.id);
  EXPECT_EQ(check_ledger(*database_, clock_)->violations_found, 0);
}

}  // namespace
}  // namespace waybill::sqlite
