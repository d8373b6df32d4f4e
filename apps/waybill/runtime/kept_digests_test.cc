#include "apps/waybill/runtime/kept_digests.h"

#include <gtest/gtest.h>

#include <fstream>

#include "testing/temporary_directory.h"

namespace waybill::cli {
namespace {

class KeptDigestsTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() + "/" + name) << text;
    return directory_.path() + "/" + name;
  }

  const TemporaryDirectory directory_;
  KeptDigests digests_;
};

TEST_F(KeptDigestsTest, AreMadeOnceForAsLongAsTheyAreAskedFor) {
  const std::string path = file("a", "first");
  const auto first = digests_.of(path);
  ASSERT_TRUE(first);
  file("a", "second");
  for (int round = 0; round < 3; ++round) {
    digests_.begin_round();
    EXPECT_EQ(digests_.of(path).value(), *first) << "kept files never change";
  }
  digests_.begin_round();
  digests_.begin_round();
  EXPECT_NE(digests_.of(path).value(), *first) << "a round had not asked for it";
}

TEST_F(KeptDigestsTest, AreNoMoreThanTwoRoundsAskedFor) {
  for (int round = 0; round < 50; ++round) {
    digests_.begin_round();
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(digests_.of(file("f" + std::to_string(round * 4 + i), "x")));
    }
    EXPECT_LE(digests_.size(), 8u);
  }
}

TEST_F(KeptDigestsTest, WhatIsNotThereIsAskedAgain) {
  const std::string path = directory_.path() + "/late";
  EXPECT_EQ(digests_.of(path).error().code, Code::not_found);
  file("late", "x");
  EXPECT_TRUE(digests_.of(path));
}

}  // namespace
}  // namespace waybill::cli
