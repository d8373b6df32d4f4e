#include "tests/conformance/answer_store/suite.h"

#include <atomic>
#include <thread>
#include <vector>

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AnswerStoreConformance);

std::optional<KeptAnswer> AnswerStoreConformance::find(const std::string& owner) {
  auto found = store().find(owner);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return found ? std::move(*found) : std::nullopt;
}

namespace {

using namespace std::chrono_literals;

constexpr Time kNow{1'800'000'000s};

KeptAnswer an_answer(std::string owner, Time kept_at = kNow) {
  return {.owner = std::move(owner),
          .fingerprint = std::string("\0\xff\n", 3),
          .status = 201,
          .headers = "ETag: \"1.0\"\nLocation: /v1/tasks/x\n",
          .body = std::string("{\0\xfe}", 4),
          .kept_at = kept_at};
}

TEST_P(AnswerStoreConformance, BeginsEmpty) {
  EXPECT_EQ(find("ann\nk"), std::nullopt);
  EXPECT_EQ(store().remove(kNow, 10), 0u);
}

TEST_P(AnswerStoreConformance, AnAnswerIsKeptWithAllItsFieldsAndAllItsBytes) {
  KeptAnswer bare{.owner = "bob\nk", .fingerprint = "f", .status = 200, .kept_at = kNow + 1us};
  EXPECT_EQ(store().keep(an_answer("ann\nk")), an_answer("ann\nk"));
  EXPECT_EQ(store().keep(bare), bare);
  EXPECT_EQ(find("ann\nk"), an_answer("ann\nk"));
  EXPECT_EQ(find("bob\nk"), bare);
}

TEST_P(AnswerStoreConformance, TheFirstOneStays) {
  ASSERT_TRUE(store().keep(an_answer("ann\nk")));
  KeptAnswer other = an_answer("ann\nk", kNow + 5s);
  other.fingerprint = "g";
  EXPECT_EQ(store().keep(other), an_answer("ann\nk"));
  EXPECT_EQ(find("ann\nk"), an_answer("ann\nk"));
}

TEST_P(AnswerStoreConformance, TheOldestAreRemovedAPieceAtATime) {
  for (int i = 4; i >= 0; --i) {
    ASSERT_TRUE(store().keep(an_answer(std::to_string(i), kNow + i * 1s)));
  }
  EXPECT_EQ(store().remove(kNow + 3s, 2), 2u);
  EXPECT_EQ(find("1"), std::nullopt);
  EXPECT_EQ(find("2"), an_answer("2", kNow + 2s));
  EXPECT_EQ(store().remove(kNow + 3s, 10), 1u);
  EXPECT_EQ(store().remove(kNow + 3s, 10), 0u);
  EXPECT_EQ(find("3"), an_answer("3", kNow + 3s));
  ASSERT_TRUE(store().keep(an_answer("0", kNow + 9s))) << "its key is free again";
  EXPECT_EQ(find("0"), an_answer("0", kNow + 9s));
}

TEST_P(AnswerStoreConformance, OfManyAtOnceOneIsTheFirst) {
  std::atomic<int> firsts = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i, &firsts] {
      KeptAnswer mine = an_answer("k");
      mine.fingerprint = std::to_string(i);
      const auto kept = store().keep(mine);
      ASSERT_TRUE(kept.has_value());
      if (*kept == mine) ++firsts;
    });
  }
  threads.clear();
  EXPECT_EQ(firsts, 1);
}

}  // namespace
}  // namespace waybill
