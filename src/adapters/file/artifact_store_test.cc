#include "adapters/file/artifact_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "adapters/file/test_support/artifact_store_fixture.h"
#include "base/digest_copy.h"
#include "testing/fake_artifact_store.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/artifact_store/suite.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

INSTANTIATE_TEST_SUITE_P(File, ArtifactStoreConformance,
                         testing::Values(ArtifactStoreImplementation{
                             "file", [](SimClock& clock) {
                               struct Owner {
                                 explicit Owner(Clock& by)
                                     : store(directory.path() + "/artifacts", by) {}
                                 TemporaryDirectory directory;
                                 FileArtifactStore store;
                               };
                               const auto owner = std::make_shared<Owner>(clock);
                               return ArtifactStoreSubject{owner, &owner->store};
                             }}));

TEST_F(FileArtifactStoreTest, IsForItsOwnerAloneAndNothingIsLeftUnfinished) {
  const std::string digest = put("abc");
  struct stat status {};
  ASSERT_EQ(::stat(file_of(digest).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0400u);
  ASSERT_EQ(::stat(root().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  put("abc");
  EXPECT_EQ(unfinished(), 0u);
}

TEST_F(FileArtifactStoreTest, DamageIsSeenWhenItIsOpened) {
  const std::string digest = put("abc");
  ASSERT_TRUE(store_.open(digest));
  damage(digest);
  EXPECT_EQ(store_.open(digest).error().code, Code::data_loss);
  FileArtifactStore other(root(), clock_);
  EXPECT_EQ(other.open(digest).error().code, Code::data_loss);
}

TEST_F(FileArtifactStoreTest, WhatIsPutAgainMendsWhatIsDamaged) {
  const std::string digest = put("abc");
  damage(digest);
  EXPECT_EQ(put("abc"), digest);
  const auto file = store_.open(digest);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(FakeArtifactStore::bytes_of(*file), "abc");
}

TEST_F(FileArtifactStoreTest, DamageThatKeepsTheLengthIsSeenByWhoAsksForIt) {
  const std::string digest = put("abc");
  EXPECT_EQ(*store_.size_bytes(digest), 3);
  damage(digest);
  EXPECT_EQ(store_.size_bytes(digest).error().code, Code::data_loss);
  put("abc");
  EXPECT_EQ(*store_.size_bytes(digest), 3);
}

/// Lets a test act when the time is asked for.
class ActingClock final : public Clock {
 public:
  Time now() const override {
    if (const auto act_now = std::exchange(act, nullptr)) act_now();
    return time.now();
  }
  SteadyTime steady_now() const override { return time.steady_now(); }
  void wait_until(SteadyTime until, std::stop_token stop) override { time.wait_until(until, stop); }

  SimClock time;
  mutable std::function<void()> act;
};

TEST_F(FileArtifactStoreTest, WhatIsPutWhileACollectorRemovesItIsThere) {
  ActingClock clock;
  FileArtifactStore store(root(), clock);
  const auto content = store.put(FakeArtifactStore::file_of("abc"));
  ASSERT_TRUE(content);
  clock.time.advance(std::chrono::hours(2));
  // It was found there, and does not look new yet.
  clock.act = [&] {
    ASSERT_TRUE(store.remove(content->sha256, clock.time.now() - std::chrono::hours(1)));
  };
  ASSERT_TRUE(store.put(FakeArtifactStore::file_of("abc")));
  EXPECT_FALSE(clock.act);
  const auto file = store.open(content->sha256);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(FakeArtifactStore::bytes_of(*file), "abc");
}

TEST_F(FileArtifactStoreTest, WhatAKilledCollectorTookAsideIsPutBack) {
  const std::string digest = put("abc");
  fs::rename(file_of(digest), file_of(digest).string() + ".4711-1");
  EXPECT_FALSE(store_.open(digest));
  ASSERT_TRUE(store_.kept(""));
  EXPECT_TRUE(store_.open(digest));
  EXPECT_EQ(store_.kept("")->contents.size(), 1u);
  EXPECT_FALSE(fs::exists(file_of(digest).string() + ".4711-1"));
}

TEST_F(FileArtifactStoreTest, WhatWouldFillTheDiskIsRefused) {
  const FileDescriptor sparse = FakeArtifactStore::file_of("");
  ASSERT_EQ(::ftruncate(sparse.get(), off_t{1} << 50), 0);
  EXPECT_EQ(store_.put(sparse).error().code, Code::resource_exhausted);
  EXPECT_EQ(unfinished(), 0u);
}

TEST_F(FileArtifactStoreTest, ALinkInTheWayIsNotFollowed) {
  const std::string secret = directory_.path() + "/secret";
  std::ofstream(secret) << "abc";
  const std::string digest = put("abc");
  fs::remove(file_of(digest));
  fs::create_symlink(secret, file_of(digest));
  EXPECT_EQ(store_.open(digest).error().code, Code::data_loss);
  EXPECT_EQ(store_.size_bytes(digest).error().code, Code::data_loss);
  EXPECT_EQ(put("abc"), digest);
  EXPECT_FALSE(fs::is_symlink(file_of(digest)));
  EXPECT_TRUE(fs::exists(secret));
}

TEST_F(FileArtifactStoreTest, ADirectoryThatIsALinkIsNotFollowed) {
  const std::string digest = put("abc");
  const std::string elsewhere = directory_.path() + "/elsewhere";
  fs::create_directory(elsewhere);
  fs::remove_all(file_of(digest).parent_path());
  fs::create_directory_symlink(elsewhere, file_of(digest).parent_path());
  EXPECT_EQ(store_.open(digest).error().code, Code::data_loss);
  EXPECT_FALSE(store_.put(FakeArtifactStore::file_of("abc")));
  EXPECT_TRUE(fs::is_empty(elsewhere));
}

TEST_F(FileArtifactStoreTest, AFifoInTheWayHoldsNobodyUp) {
  const std::string digest = put("abc");
  fs::remove(file_of(digest));
  ASSERT_EQ(::mkfifo(file_of(digest).c_str(), 0600), 0);
  EXPECT_EQ(store_.open(digest).error().code, Code::data_loss);
}

TEST_F(FileArtifactStoreTest, StrangeNamesAreNoContents) {
  const std::string digest = put("abc");
  std::ofstream(file_of(digest).parent_path() / "README") << "x";
  const auto page = store_.kept("");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->contents.size(), 1u);
  EXPECT_EQ(page->contents[0].content.sha256, digest);
}

TEST_F(FileArtifactStoreTest, WhatAKilledWriterLeftIsRemovedAfterADay) {
  put("abc");
  const std::string left = root() + "/unfinished/left";
  std::ofstream(left) << "half";
  const auto age = [&](Duration by) {
    const std::int64_t at = to_micros(clock_.now() - by) / 1'000'000;
    const timespec times[2] = {{.tv_sec = at, .tv_nsec = 0}, {.tv_sec = at, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, left.c_str(), times, 0), 0);
  };
  age(std::chrono::hours(23));
  ASSERT_TRUE(store_.kept(""));
  EXPECT_TRUE(fs::exists(left));
  age(std::chrono::hours(25));
  ASSERT_TRUE(store_.kept(""));
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(FileArtifactStoreTest, AFullDiskIsSaidSoAndLeavesNothing) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full here";
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto copied =
      copy_with_digest(FakeArtifactStore::file_of("abc"), full, "a file on a full disk");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, Code::resource_exhausted);
}

TEST_F(FileArtifactStoreTest, AMissingDataDirectoryIsNamed) {
  FileArtifactStore store(directory_.path() + "/no/such", clock_);
  const auto content = store.put(FakeArtifactStore::file_of("abc"));
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, testing::HasSubstr(directory_.path() + "/no/such"));
}

}  // namespace
}  // namespace waybill
