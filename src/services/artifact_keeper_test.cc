#include "services/artifact_keeper.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <latch>

#include "base/digest.h"
#include "services/test_support/artifacts_fixture.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using ArtifactKeeperTest = ArtifactsTest;

TEST_F(ArtifactKeeperTest, WhatIsKeptIsTheTasksOnceItHasSucceeded) {
  const Task task = lease(1);
  ASSERT_TRUE(keep(task, {a_file("a", "1"), a_file("b", "1"), a_file("c", "2")}));
  EXPECT_THAT(left(1), IsEmpty());
  succeed(task);
  EXPECT_THAT(left(1), ElementsAre("a=1", "b=1", "c=2"));
  EXPECT_EQ(kept(), 2u);
}

TEST_F(ArtifactKeeperTest, WhatIsCollectedBeforeItIsRecordedIsPutAgain) {
  const Task task = lease(1);
  store_.after_put = [&] {
    if (store_.puts > 1) return;
    clock_.advance(std::chrono::hours(2));
    ASSERT_TRUE(collect());
    ASSERT_EQ(kept(), 0u);
  };
  ASSERT_TRUE(keep(task, {a_file("a", "1"), a_file("b", "2")}));
  succeed(task);
  EXPECT_THAT(left(1), ElementsAre("a=1", "b=2"));
  EXPECT_EQ(store_.puts, 3);
}

TEST_F(ArtifactKeeperTest, WhileAContentIsBeingCollectedItsAttemptIsToldToTryAgain) {
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("1")));
  clock_.advance(std::chrono::hours(2));
  const Task task = lease(1);
  Status kept_meanwhile;
  store_.before_remove = [&] { kept_meanwhile = keep(task, {a_file("a", "1")}); };
  ASSERT_TRUE(collect());
  ASSERT_FALSE(kept_meanwhile);
  EXPECT_EQ(kept_meanwhile.error().code, Code::unavailable);
  ASSERT_TRUE(keep(task, {a_file("a", "1")}));
  succeed(task);
  EXPECT_THAT(left(1), ElementsAre("a=1"));
}

TEST_F(ArtifactKeeperTest, AFileThatCannotBeOpenedIsNamedAndNothingIsRecorded) {
  const Task task = lease(1);
  ArtifactFile broken = a_file("b", "");
  broken.open = []() -> Result<FileDescriptor> { return fail(Code::unavailable, "planted"); };
  const Status done = keep(task, {a_file("a", "1"), broken});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "artifact \"b\": planted");
  const std::string digest = to_hex(sha256("1"));
  EXPECT_EQ(index_.recorded(task.id(), task.status.fence, digest).error().code, Code::not_found);
}

TEST_F(ArtifactKeeperTest, ManyContentsAreLookedForAtOnce) {
  const Task task = lease(1);
  AttemptArtifacts attempt{.task = task.id(), .fence = task.status.fence, .artifacts = {}};
  for (int i = 0; i < 100; ++i) {
    attempt.artifacts.push_back({.name = std::to_string(i),
                                 .sha256 = to_hex(sha256(std::to_string(i))),
                                 .size_bytes = 1,
                                 .media_type = "text/plain",
                                 .created_at = {}});
  }
  // The first four wait for each other: one after another they would wait for ever.
  std::latch four(4);
  std::atomic<int> looks = 0;
  store_.before_look = [&] {
    if (looks++ < 4) four.arrive_and_wait();
  };
  EXPECT_EQ(keeper_.record(attempt)->size(), 100u);
}

TEST_F(ArtifactKeeperTest, AskedToStopItStops) {
  const Task task = lease(1);
  store_.after_put = [&] { stop_.request_stop(); };
  EXPECT_EQ(keep(task, {a_file("a", "1"), a_file("b", "2")}).error().code, Code::cancelled);
  EXPECT_EQ(store_.puts, 1);
}

TEST_F(ArtifactKeeperTest, AnAttemptWithoutTheLeaseKeepsNothing) {
  const Task task = lease(1);
  apply(task, event::GiveBack{.fence = task.status.fence, .reason = "test"});
  EXPECT_EQ(keep(task, {a_file("a", "1")}).error().code, Code::aborted);
}

TEST_F(ArtifactKeeperTest, WhatIsFetchedIsANewFileForReadingOnly) {
  const auto content = store_.put(FakeArtifactStore::file_of("abc"));
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/input";
  const ArtifactOwner owner;
  ASSERT_TRUE(keeper_.fetch(owner, content->sha256, path, {}));
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "abc");
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_read);
  EXPECT_EQ(keeper_.fetch(owner, content->sha256, path, {}).error().code, Code::already_exists);
  EXPECT_EQ(keeper_.fetch(owner, std::string(64, '0'), path + "2", {}).error().code,
            Code::not_found);
}

TEST_F(ArtifactKeeperTest, RoomOnTheDiskIsLookedForBeforeAContentIsBrought) {
  const FileDescriptor huge = FakeArtifactStore::file_of("");
  ASSERT_EQ(::ftruncate(huge.get(), std::int64_t{1} << 60), 0);
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  const Status written = write_artifact_file(huge, std::string(64, '0'), path);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::resource_exhausted) << written.error().message;
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace waybill
