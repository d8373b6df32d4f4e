#include "services/queue_allowance.h"

#include <gtest/gtest.h>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using Let = QueueAllowance::Let;

class QueueAllowanceTest : public testing::Test {
 protected:
  Result<QueueAllowance::Taken> take(const std::string& name,
                                     const std::vector<std::string_view>& queues) {
    return allowance_.take(name, queues, [this]() -> Result<std::vector<std::string>> {
      ++reads_;
      return ledger_;
    });
  }
  /// Puts a task into each, if it may.
  Let put(const std::string& name, const std::vector<std::string_view>& queues) {
    const auto taken = take(name, queues).value();
    ledger_.insert(ledger_.end(), taken.queues.begin(), taken.queues.end());
    return taken.let;
  }

  SimClock clock_;
  std::vector<std::string> ledger_;
  int reads_ = 0;
  QueueAllowance allowance_{
      clock_, {.queues_max = 3, .within = 24h, .all_max = 8, .names_max = 2, .known_for = 1s}};
};

TEST_F(QueueAllowanceTest, LetsEachNameMakeSoManyQueuesAndUseThemHoweverOften) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(put("a", {"1", "2", "2", "3"}), Let::yes);
  EXPECT_EQ(put("a", {"4"}), Let::made_too_many);
  EXPECT_EQ(put("b", {"4"}), Let::yes);
  EXPECT_EQ(put("a", {"1", "4"}), Let::yes) << "it is there by now";
}

TEST_F(QueueAllowanceTest, CountsNoQueueThatIsThereAndReadsThemNowAndThen) {
  ledger_ = {"1", "2", "3", "4"};
  EXPECT_EQ(put("a", {"1", "2", "3", "4"}), Let::yes);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(put("a", {"1"}), Let::yes);
  EXPECT_EQ(put("a", {"5", "6", "7"}), Let::yes);
  EXPECT_EQ(reads_, 1);
  ledger_.push_back("8");
  clock_.advance(1s);
  EXPECT_EQ(put("a", {"8"}), Let::yes) << "another process made it";
  EXPECT_EQ(reads_, 2);
}

TEST_F(QueueAllowanceTest, CountsNothingOfACallThatIsTooMuchOrComesToNothing) {
  EXPECT_EQ(put("a", {"1", "2"}), Let::yes);
  EXPECT_EQ(put("a", {"3", "4"}), Let::made_too_many);
  for (int i = 0; i < 5; ++i) {
    const auto taken = take("a", {"3"}).value();
    EXPECT_EQ(taken.let, Let::yes);
    EXPECT_EQ(taken.queues, std::vector<std::string>{"3"});
    allowance_.give_back("a", taken.queues);
  }
  EXPECT_EQ(put("a", {"4"}), Let::yes);
}

TEST_F(QueueAllowanceTest, LeavesTheLastOnesToOperatorsWhoeverMadeTheOthers) {
  EXPECT_EQ(put("a", {"1", "2", "3"}), Let::yes);
  EXPECT_EQ(put("b", {"4", "5", "6"}), Let::yes);
  clock_.advance(24h);
  EXPECT_EQ(put("a", {"7", "8"}), Let::yes);
  EXPECT_EQ(put("b", {"9"}), Let::few_left);
  EXPECT_EQ(put("b", {"1"}), Let::yes);
}

TEST_F(QueueAllowanceTest, BeginsAnewADayLater) {
  EXPECT_EQ(put("a", {"1", "2", "3"}), Let::yes);
  clock_.advance(24h - 1s);
  EXPECT_EQ(put("a", {"4"}), Let::made_too_many);
  clock_.advance(1s);
  EXPECT_EQ(put("a", {"4", "5", "6"}), Let::yes);
}

TEST_F(QueueAllowanceTest, ForgetsWhoeverHasMadeTheFewest) {
  EXPECT_EQ(put("a", {"1", "2", "3"}), Let::yes);
  EXPECT_EQ(put("b", {"4"}), Let::yes);
  EXPECT_EQ(put("c", {"5"}), Let::yes);
  EXPECT_EQ(put("a", {"6"}), Let::made_too_many);
}

TEST_F(QueueAllowanceTest, TellsThatTheLedgerCannotBeRead) {
  const auto taken = allowance_.take("a", {"1"}, []() -> Result<std::vector<std::string>> {
    return fail(Code::unavailable, "it is away");
  });
  EXPECT_EQ(taken.error().code, Code::unavailable);
}

}  // namespace
}  // namespace waybill
