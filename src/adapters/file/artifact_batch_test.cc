#include "adapters/file/artifact_batch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

#include "adapters/file/test_support/artifact_store_fixture.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

/// Files of a task, which a store may take.
class PutAllTest : public FileArtifactStoreTest {
 protected:
  ArtifactFile a_file(const std::string& name, const std::string& bytes) {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path) << bytes;
    return {.name = name,
            .media_type = "text/plain",
            .open = [path]() -> Result<FileDescriptor> {
              FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
              if (!file.is_open()) return fail(system_error(errno, "opening " + path));
              return file;
            },
            .path = path};
  }
  std::vector<ArtifactFile> files(std::size_t count) {
    std::vector<ArtifactFile> made;
    for (std::size_t i = 0; i < count; ++i) {
      made.push_back(a_file("file-" + std::to_string(i), "content " + std::to_string(i)));
    }
    return made;
  }
};

TEST_F(PutAllTest, WhatMayBeTakenIsMovedAndIsItsOwnersAlone) {
  const auto given = files(100);
  const auto inode_of = [](const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_ino;
  };
  const auto inode = inode_of(given[42].path);
  const auto contents = store_.put_all(given, {});
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ(inode_of(file_of((*contents)[42].sha256)), inode);
  for (const ArtifactFile& file : given) EXPECT_FALSE(fs::exists(file.path));
  struct stat status {};
  ASSERT_EQ(::stat(file_of((*contents)[7].sha256).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0400u);
  FileArtifactStore other(root(), clock_);
  for (std::size_t i = 0; i < contents->size(); ++i) {
    const auto opened = other.open((*contents)[i].sha256);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(FakeArtifactStore::bytes_of(*opened), "content " + std::to_string(i));
  }
  EXPECT_EQ(unfinished(), 0u);
}

/// Calls `run` where `mount_all` has mounted what it likes, which nobody else sees; else says what
/// the system refused.
std::error_code with_mounts(const std::function<bool()>& mount_all,
                            const std::function<void()>& run) {
  std::error_code refused;
  std::jthread([&] {
    const bool is_mounted = ::unshare(CLONE_NEWNS) == 0 &&
                            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                            mount_all();
    if (is_mounted) {
      run();
    } else {
      refused = std::error_code(errno, std::generic_category());
    }
  }).join();
  return refused;
}

TEST_F(PutAllTest, WhatLiesOnAnotherMountOfTheSameDiskIsCopied) {
  fs::create_directory(root());
  const std::string disk = directory_.path() + "/disk";
  fs::create_directory(disk);
  const std::error_code refused = with_mounts(
      [&] { return ::mount(disk.c_str(), root().c_str(), nullptr, MS_BIND, nullptr) == 0; },
      [&] {
        const auto contents = store_.put_all(files(40), {});
        ASSERT_TRUE(contents) << contents.error().message;
        for (std::size_t i = 0; i < contents->size(); ++i) {
          const auto opened = store_.open((*contents)[i].sha256);
          ASSERT_TRUE(opened) << opened.error().message;
          EXPECT_EQ(FakeArtifactStore::bytes_of(*opened), "content " + std::to_string(i));
        }
        EXPECT_EQ(unfinished(), 0u);
      });
  if (refused == std::errc::operation_not_permitted) GTEST_SKIP() << "only root may mount";
  EXPECT_FALSE(refused) << refused.message();
}

TEST_F(PutAllTest, OnOverlayfsEachIsBroughtToTheDiskByItself) {
  const std::string below = directory_.path() + "/tmpfs";
  fs::create_directory(root());
  fs::create_directory(below);
  const auto mount_all = [&] {
    if (::mount("tmpfs", below.c_str(), "tmpfs", 0, nullptr) != 0) return false;
    for (const char* part : {"/lower", "/upper", "/work"}) fs::create_directory(below + part);
    const std::string parts =
        "lowerdir=" + below + "/lower,upperdir=" + below + "/upper,workdir=" + below + "/work";
    return ::mount("overlay", root().c_str(), "overlay", 0, parts.c_str()) == 0;
  };
  const std::error_code refused = with_mounts(mount_all, [&] {
    std::vector<ArtifactFile> given;
    const std::string scratch = root() + "/scratch";
    fs::create_directory(scratch);
    for (std::size_t i = 0; i < 40; ++i) {
      given.push_back(a_file("artifacts/scratch/" + std::to_string(i), std::to_string(i)));
    }
    const auto contents = store_.put_all(given, {});
    ASSERT_TRUE(contents) << contents.error().message;
    for (const ArtifactFile& file : given) {
      EXPECT_TRUE(fs::exists(file.path)) << "it was moved, which takes syncfs()";
    }
  });
  if (refused == std::errc::operation_not_permitted) GTEST_SKIP() << "only root may mount";
  if (refused == std::errc::no_such_device) GTEST_SKIP() << "the kernel has no overlayfs";
  EXPECT_FALSE(refused) << refused.message();
}

TEST_F(PutAllTest, WhatAFailureLeavesIsGivenBack) {
  auto given = files(50);
  const std::string missing = given[49].path;
  fs::remove(missing);
  ASSERT_FALSE(store_.put_all(given, {}));
  for (std::size_t i = 0; i < 49; ++i) EXPECT_TRUE(fs::exists(given[i].path)) << i;
  EXPECT_EQ(unfinished(), 0u);
}

TEST_F(PutAllTest, WhatHasAnotherNameOrIsALinkIsNeverTaken) {
  auto given = files(50);
  const std::string kept = directory_.path() + "/kept";
  fs::create_hard_link(given[3].path, kept);
  const std::string away = directory_.path() + "/away";
  fs::rename(given[4].path, away);
  const auto contents = store_.put_all(given, {});
  ASSERT_FALSE(contents) << "it is not there";
  fs::create_symlink(away, given[4].path);
  EXPECT_FALSE(store_.put_all(given, {})) << "no link is followed";
  fs::remove(given[4].path);
  fs::rename(away, given[4].path);
  const auto again = store_.put_all(given, {});
  ASSERT_TRUE(again) << again.error().message;
  std::ofstream(kept, std::ios::app) << " and more";
  const auto opened = store_.open((*again)[3].sha256);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(FakeArtifactStore::bytes_of(*opened), "content 3");
  EXPECT_EQ(unfinished(), 0u);
}

TEST_F(PutAllTest, WhatIsThereIsNotWrittenAgain) {
  const auto first = store_.put_all(files(40), {});
  ASSERT_TRUE(first) << first.error().message;
  const auto inodes = [&] {
    std::vector<ino_t> all;
    for (const ArtifactContent& content : *first) {
      struct stat status {};
      EXPECT_EQ(::stat(file_of(content.sha256).c_str(), &status), 0);
      all.push_back(status.st_ino);
    }
    return all;
  };
  const std::vector<ino_t> before = inodes();
  clock_.advance(std::chrono::hours(2));
  const auto again = files(40);
  const auto contents = store_.put_all(again, {});
  ASSERT_TRUE(contents) << contents.error().message;
  for (const ArtifactFile& file : again) EXPECT_FALSE(fs::exists(file.path));
  const auto page = store_.kept("");
  ASSERT_TRUE(page);
  for (const KeptContent& each : page->contents) EXPECT_EQ(each.kept_at, clock_.now());
  EXPECT_EQ(inodes(), before);
}

TEST_F(PutAllTest, WhatIsDamagedIsMendedAndWhatIsThereTwiceIsKeptOnce) {
  const std::string digest = put("content 1");
  damage(digest);
  auto given = files(40);
  given.push_back(a_file("twin", "content 1"));
  const auto contents = store_.put_all(given, {});
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ((*contents)[1], (*contents)[40]);
  const auto opened = store_.open(digest);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(FakeArtifactStore::bytes_of(*opened), "content 1");
}

}  // namespace
}  // namespace waybill
