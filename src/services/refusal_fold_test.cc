#include "services/refusal_fold.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

using namespace std::chrono_literals;

AuditEntry a_refusal(const std::string& subject) {
  return {.who = "token:eve",
          .from = "192.0.2.1",
          .operation = "cancelTask",
          .subject = subject,
          .outcome = AuditOutcome::refused,
          .reason = "a viewer may not"};
}

class RefusalFoldTest : public testing::Test {
 protected:
  SteadyTime now_{1h};
  RefusalFold fold_{{.kinds_max = 2}};
};

TEST_F(RefusalFoldTest, TheFirstIsKeptAtOnceAndTheRestOfItsMinuteInOneEntry) {
  EXPECT_EQ(fold_.take(a_refusal("a"), now_), a_refusal("a"));
  for (int i = 0; i < 41; ++i) EXPECT_EQ(fold_.take(a_refusal("a"), now_), std::nullopt);
  AuditEntry last = a_refusal("a");
  last.from = "192.0.2.9";
  EXPECT_EQ(fold_.take(last, now_ + 59s), std::nullopt);
  EXPECT_TRUE(fold_.due(now_ + 59s).empty());
  last.count = 42;
  EXPECT_EQ(fold_.due(now_ + 60s), std::vector{last});
  EXPECT_TRUE(fold_.take(a_refusal("a"), now_ + 60s).has_value()) << "a new minute";
}

TEST_F(RefusalFoldTest, OneAloneIsNotTold) {
  fold_.take(a_refusal("a"), now_);
  EXPECT_TRUE(fold_.due(now_ + 1h).empty());
}

TEST_F(RefusalFoldTest, TellsApartWhatIsNotAlike) {
  RefusalFold fold;
  for (std::string AuditEntry::*member :
       {&AuditEntry::who, &AuditEntry::operation, &AuditEntry::subject}) {
    AuditEntry entry = a_refusal("a");
    entry.*member = "another";
    EXPECT_TRUE(fold.take(entry, now_).has_value());
  }
  EXPECT_TRUE(fold.take(a_refusal("a"), now_).has_value());
  AuditEntry failed = a_refusal("a");
  failed.outcome = AuditOutcome::failed;
  EXPECT_TRUE(fold.take(failed, now_).has_value());
  failed.reason = "conflict";
  EXPECT_TRUE(fold.take(failed, now_).has_value());
  AuditEntry refused = a_refusal("a");
  refused.reason = "in other words";
  EXPECT_FALSE(fold.take(refused, now_).has_value());
}

TEST_F(RefusalFoldTest, OfManyKindsKeepsFew) {
  int kept = 0;
  for (int i = 0; i < 1000; ++i) kept += fold_.take(a_refusal(std::to_string(i)), now_) ? 1 : 0;
  EXPECT_EQ(kept, 3);
  const auto rest = fold_.all();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].who, "token:eve") << "who has a name stays known";
  EXPECT_EQ(rest[0].count, 997);
}

}  // namespace
}  // namespace waybill
