#include "adapters/file/done_ids.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/done_ids/suite.h"

namespace waybill {
namespace {

using std::chrono::hours;

class FileDoneIdsTest : public testing::Test {
 protected:
  std::unique_ptr<FileDoneIds> open() {
    auto ids = FileDoneIds::open(path_, clock_, {.window = hours(24)});
    EXPECT_TRUE(ids.has_value()) << ids.error().message;
    return std::move(*ids);
  }
  SimClock clock_;
  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/done";
};

TEST_F(FileDoneIdsTest, AnIdIsKnownAfterARestartAndForItsWindow) {
  ASSERT_TRUE(open()->add("a b\nc").has_value());
  auto ids = open();
  EXPECT_TRUE(ids->contains("a b\nc").value());
  EXPECT_FALSE(ids->contains("a").value());
  clock_.advance(hours(24));
  EXPECT_FALSE(ids->contains("a b\nc").value());
}

TEST_F(FileDoneIdsTest, WhatOneProcessAddsAnotherKnows) {
  const auto one = open();
  const auto two = open();
  ASSERT_TRUE(one->add("a").has_value());
  EXPECT_TRUE(two->contains("a").value());
  ASSERT_TRUE(two->add("b").has_value());
  EXPECT_TRUE(one->contains("b").value());
}

TEST_F(FileDoneIdsTest, ALineThatACrashLeftHalfWrittenCostsNoOther) {
  ASSERT_TRUE(open()->add("a").has_value());
  std::ofstream(path_, std::ios::app) << "1764000000000000 0192f3c1-";
  const auto ids = open();
  ASSERT_TRUE(ids->add("b").has_value());
  EXPECT_TRUE(ids->contains("a").value());
  EXPECT_TRUE(ids->contains("b").value());
  EXPECT_TRUE(open()->contains("b").value());
}

TEST_F(FileDoneIdsTest, ItIsWrittenAnewWhenMostOfItIsOldAndOthersFollow) {
  const auto one = open();
  const auto two = open();
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(one->add(std::to_string(i)).has_value());
  const auto before = std::filesystem::file_size(path_);
  clock_.advance(hours(25));
  ASSERT_TRUE(one->add("new").has_value());
  EXPECT_LT(std::filesystem::file_size(path_), before / 100);
  EXPECT_TRUE(two->contains("new").value());
  ASSERT_TRUE(two->add("newer").has_value());
  EXPECT_TRUE(open()->contains("newer").value());
  EXPECT_TRUE(open()->contains("new").value());
}

class FilePlace final : public DoneIdsPlace {
 public:
  std::unique_ptr<DoneIds> open(Clock& clock, const DoneIdsLimits& limits) override {
    auto ids = FileDoneIds::open(directory_.path() + "/done", clock,
                                 {.window = limits.window, .count_max = limits.count_max});
    EXPECT_TRUE(ids.has_value()) << ids.error().message;
    return std::move(*ids);
  }

 private:
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(File, DoneIdsConformance,
                         testing::Values(DoneIdsImplementation{
                             .name = "file",
                             .make = [] { return std::make_unique<FilePlace>(); },
                             .kept = DoneIdsImplementation::Kept::yes}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace waybill
