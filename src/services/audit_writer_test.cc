#include "services/audit_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_audit_log.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;

AuditEntry an_entry(std::string subject) {
  return {.who = "token:ops", .operation = "createTasks", .subject = std::move(subject)};
}

/// Takes nothing while it is away.
class AwayLog final : public AuditLog {
 public:
  Status put(std::span<const AuditEntry> entries) override {
    if (away) return fail(Code::unavailable, "away");
    return inner.put(entries);
  }
  Result<AuditPage> page(const AuditQuery& query) override { return inner.page(query); }
  Result<std::size_t> remove(Time before, std::size_t limit) override {
    return inner.remove(before, limit);
  }

  FakeAuditLog inner;
  bool away = false;
};

class AuditWriterTest : public ::testing::Test {
 protected:
  std::vector<std::string> written() {
    std::vector<std::string> subjects;
    const auto page = log_.page({});  // outlives the loop
    for (const AuditEntry& entry : page->entries) subjects.push_back(entry.subject);
    return subjects;
  }

  SimClock clock_;
  AwayLog log_;
};

TEST_F(AuditWriterTest, WritesAtOnceOrWithTheNextStepAsItIsTold) {
  AuditWriter writer(log_, clock_);
  writer.keep_soon(an_entry("soon"));
  writer.keep(an_entry("now"));
  EXPECT_THAT(written(), ElementsAre("now"));
  EXPECT_GT(writer.step({}).value(), Duration::zero());
  EXPECT_THAT(written(), ElementsAre("soon", "now"));
}

TEST_F(AuditWriterTest, WritesNoMoreThanABatchInOneStep) {
  AuditWriter writer(log_, clock_, {.batch = 2});
  for (const char* subject : {"a", "b", "c"}) writer.keep_soon(an_entry(subject));
  EXPECT_EQ(writer.step({}).value(), Duration::zero());
  EXPECT_THAT(written(), ElementsAre("b", "a"));
  EXPECT_GT(writer.step({}).value(), Duration::zero());
  EXPECT_THAT(written(), ElementsAre("c", "b", "a"));
}

TEST_F(AuditWriterTest, KeepsWhatCouldNotBeWrittenForTheNextStep) {
  AuditWriter writer(log_, clock_);
  writer.keep_soon(an_entry("a"));
  log_.away = true;
  EXPECT_FALSE(writer.step({}).has_value());
  log_.away = false;
  ASSERT_TRUE(writer.step({}).has_value());
  EXPECT_THAT(written(), ElementsAre("a"));
}

TEST_F(AuditWriterTest, HoldsABoundedNumberInMemory) {
  AuditWriter writer(log_, clock_, {.waiting_max = 1});
  writer.keep_soon(an_entry("a"));
  writer.keep_soon(an_entry("b"));
  EXPECT_THAT(written(), ElementsAre("b"));
}

TEST_F(AuditWriterTest, LeavesNothingUnwrittenWhenItEnds) {
  {
    AuditWriter writer(log_, clock_);
    writer.keep_soon(an_entry("a"));
  }
  EXPECT_THAT(written(), ElementsAre("a"));
}

TEST_F(AuditWriterTest, KeepsOneOfRefusalsThatAreAlikeAndThenTheirNumber) {
  AuditWriter writer(log_, clock_);
  AuditEntry refusal = an_entry("a");
  refusal.outcome = AuditOutcome::refused;
  for (int i = 0; i < 100; ++i) writer.keep_soon(refusal);
  ASSERT_TRUE(writer.step({}).has_value());
  EXPECT_THAT(written(), ElementsAre("a"));
  clock_.advance(std::chrono::minutes(1));
  ASSERT_TRUE(writer.step({}).has_value());
  EXPECT_THAT(written(), ElementsAre("a", "a"));
  EXPECT_EQ(log_.page({})->entries[0].count, 99);
}

TEST_F(AuditWriterTest, KeepsTheNumberOfRefusalsWhenItEndsBeforeTheirMinute) {
  {
    AuditWriter writer(log_, clock_);
    AuditEntry refusal = an_entry("a");
    refusal.outcome = AuditOutcome::failed;
    for (int i = 0; i < 3; ++i) writer.keep_soon(refusal);
  }
  EXPECT_THAT(written(), ElementsAre("a", "a"));
  EXPECT_EQ(log_.page({})->entries[0].count, 2);
}

}  // namespace
}  // namespace waybill
