#include "adapters/file/scratch_space.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "testing/builders.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

class ScratchSpaceTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileScratchSpace> open(const std::string& worker) {
    auto space = FileScratchSpace::open(directory_.path(), worker);
    EXPECT_TRUE(space.has_value()) << (space ? "" : space.error().message);
    return std::move(*space);
  }

  TemporaryDirectory directory_;
};

TEST_F(ScratchSpaceTest, EachAttemptHasAnEmptyDirectoryOfItsOwn) {
  const auto space = open("w1");
  const auto first = space->create(task_id(1), 1);
  const auto second = space->create(task_id(1), 2);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_NE(*first, *second);
  EXPECT_TRUE(fs::path(*first).is_absolute());
  EXPECT_TRUE(fs::is_empty(*first));
}

TEST_F(ScratchSpaceTest, ARemovedDirectoryTakesAllThatIsInItEvenWhatWasForbidden) {
  const auto space = open("w1");
  const auto path = space->create(task_id(1), 1);
  fs::create_directories(*path + "/a/b");
  std::ofstream(*path + "/a/b/file") << "x";
  fs::permissions(*path + "/a", fs::perms::none);
  ASSERT_TRUE(space->remove(*path).has_value());
  EXPECT_FALSE(fs::exists(*path));
  EXPECT_TRUE(space->remove(*path).has_value());
}

TEST_F(ScratchSpaceTest, WhatADeadWorkerLeftIsRemovedAndWhatALiveOneHasIsNot) {
  const auto live = open("live");
  const auto kept = live->create(task_id(1), 1);
  fs::create_directories(directory_.path() + "/dead/left-over");
  std::ofstream(directory_.path() + "/dead.lock") << "";
  const auto next = open("next");
  EXPECT_TRUE(fs::exists(*kept));
  EXPECT_FALSE(fs::exists(directory_.path() + "/dead"));
  EXPECT_FALSE(fs::exists(directory_.path() + "/dead.lock"));
}

TEST_F(ScratchSpaceTest, ANameIsTakenOnce) {
  const auto first = open("w1");
  const auto second = FileScratchSpace::open(directory_.path(), "w1");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::already_exists);
}

TEST_F(ScratchSpaceTest, NothingIsLeftWhenTheWorkerEnds) {
  { ASSERT_TRUE(open("w1")->create(task_id(1), 1).has_value()); }
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

}  // namespace
}  // namespace waybill
