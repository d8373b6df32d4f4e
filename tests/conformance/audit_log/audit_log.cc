#include <gmock/gmock.h>

#include "tests/conformance/audit_log/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AuditLogConformance);

void AuditLogConformance::put(const std::vector<AuditEntry>& entries) {
  const Status status = log().put(entries);
  ASSERT_TRUE(status.has_value()) << status.error().message;
}

AuditPage AuditLogConformance::page(const AuditQuery& query) {
  auto page = log().page(query);
  EXPECT_TRUE(page.has_value()) << page.error().message;
  return page ? std::move(*page) : AuditPage();
}

std::vector<std::string> AuditLogConformance::subjects(const AuditFilter& filter) {
  std::vector<std::string> subjects;
  for (const AuditEntry& entry : page({.filter = filter}).entries) {
    subjects.push_back(entry.subject);
  }
  return subjects;
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Time kNow{1'800'000'000s};

AuditEntry an_entry(std::string subject, Time at = kNow) {
  return {.at = at,
          .who = "token:ops",
          .from = "192.0.2.7",
          .operation = "cancelTask",
          .subject = std::move(subject)};
}

TEST_P(AuditLogConformance, BeginsEmpty) {
  EXPECT_THAT(subjects(), IsEmpty());
  EXPECT_EQ(page({}).next_cursor, "");
}

TEST_P(AuditLogConformance, AnEntryIsKeptWithAllItsFields) {
  AuditEntry full = an_entry("a", kNow + 1us);
  full.count = 10'000;
  full.outcome = AuditOutcome::refused;
  full.reason = "token:ops is a viewer; it's \"not\" allowed";
  put({full, an_entry("b")});
  AuditPage all = page({});
  ASSERT_EQ(all.entries.size(), 2u);
  EXPECT_GT(all.entries[0].sequence, all.entries[1].sequence);
  full.sequence = all.entries[1].sequence;
  EXPECT_EQ(all.entries[1], full);
}

TEST_P(AuditLogConformance, EveryOutcomeIsKept) {
  for (int i = 0; i < kAuditOutcomeCount; ++i) {
    AuditEntry entry = an_entry("a");
    entry.outcome = static_cast<AuditOutcome>(i);
    put({entry});
    EXPECT_EQ(page({}).entries.front().outcome, entry.outcome);
  }
}

TEST_P(AuditLogConformance, ThePagesTogetherAreAllEntriesNewestFirst) {
  put({an_entry("a"), an_entry("b"), an_entry("c")});
  put({an_entry("d"), an_entry("e")});
  std::vector<std::string> seen;
  AuditQuery query{.limit = 2};
  std::vector<std::size_t> sizes;
  do {
    const AuditPage one = page(query);
    sizes.push_back(one.entries.size());
    for (const AuditEntry& entry : one.entries) seen.push_back(entry.subject);
    query.cursor = one.next_cursor;
    put({an_entry("later")});
  } while (!query.cursor.empty() && sizes.size() < 9);
  EXPECT_THAT(seen, ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_THAT(sizes, ElementsAre(2u, 2u, 1u));
}

TEST_P(AuditLogConformance, AFullPageThatIsTheLastHasNoCursor) {
  put({an_entry("a"), an_entry("b")});
  EXPECT_EQ(page({.limit = 2}).next_cursor, "");
}

TEST_P(AuditLogConformance, ACursorThatWasNotGivenHereIsRefused) {
  const auto refused = log().page({.cursor = "x1"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
}

TEST_P(AuditLogConformance, EachFilterLeavesWhatFits) {
  AuditEntry other = an_entry("b", kNow + 1s);
  other.who = "cli:ann";
  other.operation = "queue pause";
  put({an_entry("a"), other, an_entry("c", kNow + 2s)});
  EXPECT_THAT(subjects({.who = "cli:ann"}), ElementsAre("b"));
  EXPECT_THAT(subjects({.operation = "cancelTask"}), ElementsAre("c", "a"));
  EXPECT_THAT(subjects({.subject = "a"}), ElementsAre("a"));
  EXPECT_THAT(subjects({.after = kNow + 1s}), ElementsAre("c", "b"));
  EXPECT_THAT(subjects({.before = kNow + 1s}), ElementsAre("a"));
  EXPECT_THAT(subjects({.who = "cli:ann", .operation = "cancelTask"}), IsEmpty());
}

TEST_P(AuditLogConformance, AFilterGoesOnBehindTheCursor) {
  AuditEntry other = an_entry("x");
  other.who = "cli:ann";
  put({an_entry("a"), other, an_entry("b"), other, an_entry("c")});
  const AuditFilter filter{.who = "token:ops"};
  const AuditPage first = page({.filter = filter, .limit = 2});
  const AuditPage second = page({.filter = filter, .cursor = first.next_cursor, .limit = 2});
  ASSERT_EQ(second.entries.size(), 1u);
  EXPECT_EQ(second.entries[0].subject, "a");
}

TEST_P(AuditLogConformance, TheOldestAreRemovedUpToTheLimit) {
  put({an_entry("a", kNow), an_entry("b", kNow + 1s), an_entry("c", kNow + 2s)});
  EXPECT_EQ(log().remove(kNow + 2s, 1).value(), 1u);
  EXPECT_THAT(subjects(), ElementsAre("c", "b"));
  EXPECT_EQ(log().remove(kNow + 2s, 9).value(), 1u);
  EXPECT_EQ(log().remove(kNow + 2s, 9).value(), 0u);
  EXPECT_THAT(subjects(), ElementsAre("c"));
}

}  // namespace
}  // namespace waybill
