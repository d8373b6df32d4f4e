#include <gmock/gmock.h>

#include <thread>

#include "tests/conformance/token_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TokenStoreConformance);

void TokenStoreConformance::put(const TokenRecord& record) {
  const Status status = store().put(record);
  ASSERT_TRUE(status.has_value()) << status.error().message;
}

std::vector<TokenRecord> TokenStoreConformance::list() {
  auto records = store().list();
  EXPECT_TRUE(records.has_value()) << records.error().message;
  return records ? std::move(*records) : std::vector<TokenRecord>();
}

Code TokenStoreConformance::code_of(const Status& status) {
  EXPECT_FALSE(status.has_value()) << "it was taken";
  return status ? Code::unknown : status.error().code;
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Time kNow{1'800'000'000s};

TokenRecord a_token(std::string id, std::string name) {
  return {.id = std::move(id),
          .name = std::move(name),
          .role = Role::submitter,
          .hash = std::string(kTokenHashBytes, 'h'),
          .created_at = kNow,
          .created_by = "ann"};
}

TEST_P(TokenStoreConformance, BeginsEmpty) { EXPECT_THAT(list(), IsEmpty()); }

TEST_P(TokenStoreConformance, ATokenIsKeptWithAllItsFields) {
  TokenRecord full = a_token("00000002", "full");
  full.role = Role::admin;
  for (std::size_t i = 0; i < full.hash.size(); ++i) full.hash[i] = static_cast<char>(i * 37);
  full.created_at = kNow + 1us;
  full.rate_limit = 20;
  full.expires_at = kNow + 3us;
  full.last_used_at = kNow + 2us;
  full.revoked_at = kNow + 4us;
  const TokenRecord bare = a_token("00000001", "bare");
  put(full);
  put(bare);
  EXPECT_THAT(list(), ElementsAre(bare, full));
}

TEST_P(TokenStoreConformance, EveryRoleIsKept) {
  for (int i = 0; i < kRoleCount; ++i) {
    const std::string number = std::to_string(i);
    TokenRecord record = a_token("0000000" + number, "t" + number);
    record.role = static_cast<Role>(i);
    put(record);
    EXPECT_EQ(list().back(), record);
  }
}

TEST_P(TokenStoreConformance, TokensAreListedByTheTimeOfTheirMakingAndThenById) {
  TokenRecord first = a_token("00000009", "a");
  first.created_at = kNow - 1us;
  const TokenRecord second = a_token("00000001", "c");
  const TokenRecord third = a_token("00000002", "b");
  for (const TokenRecord& record : {third, first, second}) put(record);
  EXPECT_THAT(list(), ElementsAre(first, second, third));
}

TEST_P(TokenStoreConformance, AnIdIsGivenOnce) {
  const TokenRecord record = a_token("00000001", "a");
  put(record);
  EXPECT_EQ(code_of(store().put(a_token("00000001", "b"))), Code::already_exists);
  ASSERT_TRUE(store().revoke("00000001", kNow));
  EXPECT_EQ(code_of(store().put(a_token("00000001", "c"))), Code::already_exists);
  EXPECT_EQ(list().size(), 1u);
  EXPECT_EQ(list().front().name, "a");
}

TEST_P(TokenStoreConformance, ANameIsFreeAgainOnceItsTokenIsRevokedAndNotBefore) {
  TokenRecord first = a_token("00000001", "ci");
  first.expires_at = kNow + 1us;
  put(first);
  EXPECT_EQ(code_of(store().put(a_token("00000002", "ci"))), Code::already_exists);
  ASSERT_TRUE(store().revoke("00000001", kNow + 5s));
  put(a_token("00000002", "ci"));
  first.revoked_at = kNow + 5s;
  EXPECT_THAT(list(), ElementsAre(first, a_token("00000002", "ci")));
  EXPECT_EQ(code_of(store().put(a_token("00000003", "ci"))), Code::already_exists);
}

TEST_P(TokenStoreConformance, WhatIsNoTokenIsRefused) {
  EXPECT_EQ(code_of(store().put(a_token("00000001", "No Name"))), Code::invalid_argument);
  EXPECT_EQ(code_of(store().put(a_token("1", "a"))), Code::invalid_argument);
  TokenRecord unhashed = a_token("00000001", "a");
  unhashed.hash = "secret";
  EXPECT_EQ(code_of(store().put(unhashed)), Code::invalid_argument);
  EXPECT_THAT(list(), IsEmpty());
}

TEST_P(TokenStoreConformance, ARevocationCountsFromTheFirstTimeAndTouchesNothingElse) {
  TokenRecord record = a_token("00000001", "a");
  record.last_used_at = kNow + 1s;
  const TokenRecord other = a_token("00000002", "b");
  put(record);
  put(other);
  ASSERT_TRUE(store().revoke("00000001", kNow + 2s));
  EXPECT_TRUE(store().revoke("00000001", kNow + 9s).has_value());
  record.revoked_at = kNow + 2s;
  EXPECT_THAT(list(), ElementsAre(record, other));
}

TEST_P(TokenStoreConformance, ATokenThatIsNotThereCannotBeRevoked) {
  put(a_token("00000001", "a"));
  EXPECT_EQ(code_of(store().revoke("00000002", kNow)), Code::not_found);
  EXPECT_EQ(code_of(store().revoke("a", kNow)), Code::not_found) << "that is its name";
  EXPECT_THAT(list(), ElementsAre(a_token("00000001", "a")));
}

TEST_P(TokenStoreConformance, ManyUsesAreNotedAtOnceAndNoneGoesBack) {
  TokenRecord one = a_token("00000001", "a");
  TokenRecord two = a_token("00000002", "b");
  TokenRecord three = a_token("00000003", "c");
  for (const TokenRecord& record : {one, two, three}) put(record);
  ASSERT_TRUE(store().note_uses(
      std::vector<TokenUse>{{"00000001", kNow + 5s}, {"0000000f", kNow}, {"00000002", kNow + 6s}}));
  ASSERT_TRUE(
      store().note_uses(std::vector<TokenUse>{{"00000001", kNow + 4s}, {"00000002", kNow + 7s}}));
  one.last_used_at = kNow + 5s;
  two.last_used_at = kNow + 7s;
  EXPECT_THAT(list(), ElementsAre(one, two, three));
  EXPECT_TRUE(store().note_uses({}).has_value());
}

TEST_P(TokenStoreConformance, TheUseOfARevokedTokenMayStillBeNoted) {
  TokenRecord record = a_token("00000001", "a");
  put(record);
  ASSERT_TRUE(store().revoke("00000001", kNow + 2s));
  ASSERT_TRUE(store().note_uses(std::vector<TokenUse>{{"00000001", kNow + 1s}}));
  record.revoked_at = kNow + 2s;
  record.last_used_at = kNow + 1s;
  EXPECT_THAT(list(), ElementsAre(record));
}

TEST_P(TokenStoreConformance, OfManyThreadsThatWantANameOneGetsIt) {
  constexpr int kThreads = 4;
  std::vector<Status> answers(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &answers, i] {
      answers[i] = store().put(a_token("0000000" + std::to_string(i), "ci"));
    });
  }
  threads.clear();
  int taken = 0;
  for (const Status& answer : answers) {
    if (answer) {
      ++taken;
    } else {
      EXPECT_EQ(answer.error().code, Code::already_exists) << answer.error().message;
    }
  }
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(list().size(), 1u);
}

}  // namespace
}  // namespace waybill
