#include <string>
#include <thread>
#include <vector>

#include "tests/conformance/done_ids/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DoneIdsConformance);

namespace {

using namespace std::chrono_literals;
using Kept = DoneIdsImplementation::Kept;

TEST_P(DoneIdsConformance, AnIdIsKnownOnceItWasAddedAndNoOther) {
  const auto ids = open();
  EXPECT_FALSE(ids->contains("a").value());
  ASSERT_TRUE(ids->add("a"));
  EXPECT_TRUE(ids->contains("a").value());
  EXPECT_FALSE(ids->contains("A").value());
  EXPECT_FALSE(ids->contains("").value());
}

TEST_P(DoneIdsConformance, AnyBytesAreAnId) {
  const auto ids = open();
  const std::vector<std::string> odd = {"",         "a b\nc", std::string("\0x", 2),
                                        "\xff\xfe", "a",      std::string(100'000, 'y')};
  for (const std::string& id : odd) ASSERT_TRUE(ids->add(id));
  for (const std::string& id : odd) EXPECT_TRUE(ids->contains(id).value()) << id.size();
  EXPECT_FALSE(ids->contains(std::string("\0y", 2)).value());
}

TEST_P(DoneIdsConformance, AnIdIsForgottenWhenItsWindowIsOver) {
  const auto ids = open();
  ASSERT_TRUE(ids->add("a"));
  clock_.advance(kWindow - 1us);
  EXPECT_TRUE(ids->contains("a").value());
  clock_.advance(1us);
  EXPECT_FALSE(ids->contains("a").value());
}

TEST_P(DoneIdsConformance, AnIdThatIsAddedAgainIsKeptFromThenOn) {
  const auto ids = open();
  ASSERT_TRUE(ids->add("a"));
  clock_.advance(kWindow / 2);
  ASSERT_TRUE(ids->add("a"));
  clock_.advance(kWindow / 2);
  ASSERT_TRUE(ids->add("b"));  // may tidy up
  EXPECT_TRUE(ids->contains("a").value());
  clock_.advance(kWindow / 2);
  EXPECT_FALSE(ids->contains("a").value());
  EXPECT_TRUE(ids->contains("b").value());
}

TEST_P(DoneIdsConformance, TheOldestAreForgottenBeyondTheCount) {
  const auto ids = open();
  for (std::size_t i = 0; i <= kCountMax; ++i) {
    ASSERT_TRUE(ids->add(std::to_string(i)));
    clock_.advance(1s);
  }
  EXPECT_FALSE(ids->contains("0").value());
  for (std::size_t i = 1; i <= kCountMax; ++i) {
    EXPECT_TRUE(ids->contains(std::to_string(i)).value()) << i;
  }
}

TEST_P(DoneIdsConformance, ThreadsMayAddAndLookAtOnce) {
  const auto ids = open();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&ids, thread] {
      for (int i = 0; i < 10; ++i) {
        const std::string id = std::to_string(thread) + "/" + std::to_string(i);
        EXPECT_FALSE(ids->contains(id).value()) << id;
        EXPECT_TRUE(ids->add(id));
        EXPECT_TRUE(ids->contains(id).value()) << id;
      }
    });
  }
  threads.clear();
  for (int thread = 0; thread < 4; ++thread) {
    EXPECT_TRUE(ids->contains(std::to_string(thread) + "/9").value());
  }
}

TEST_P(DoneIdsConformance, WhatIsOpenedAgainKnowsWhatWasKept) {
  const auto first = open();
  ASSERT_TRUE(first->add("a"));
  const auto second = open();
  const bool kept = GetParam().kept == Kept::yes;
  EXPECT_EQ(second->contains("a").value(), kept);
  ASSERT_TRUE(second->add("b"));
  EXPECT_EQ(first->contains("b").value(), kept);
  clock_.advance(kWindow);
  EXPECT_FALSE(open()->contains("a").value());
}

}  // namespace
}  // namespace waybill
