#include "adapters/file/artifact_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>

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

class FileArtifactStoreTest : public testing::Test {
 protected:
  std::string put(std::string_view bytes) {
    const auto content = store_.put(FakeArtifactStore::file_of(bytes));
    EXPECT_TRUE(content) << content.error().message;
    return content->sha256;
  }
  std::string root() const { return directory_.path() + "/artifacts"; }
  fs::path file_of(const std::string& sha256) const {
    return fs::path(root()) / "sha256" / sha256.substr(0, 2) / sha256.substr(2);
  }
  std::size_t unfinished() const {
    const fs::directory_iterator files(root() + "/unfinished");
    return static_cast<std::size_t>(std::distance(files, fs::directory_iterator()));
  }
  /// Writes over what is there, as a broken disk or a stranger does.
  void damage(const std::string& sha256) {
    fs::permissions(file_of(sha256), fs::perms::owner_all);
    const auto changed_at = [&] {
      struct stat status {};
      EXPECT_EQ(::stat(file_of(sha256).c_str(), &status), 0);
      return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    };
    // Until the file system's clock has ticked: nobody breaks it within that of its being put.
    const auto before = changed_at();
    do {
      std::ofstream(file_of(sha256), std::ios::in | std::ios::out) << "X";
    } while (changed_at() == before);
  }

  TemporaryDirectory directory_;
  SimClock clock_;
  FileArtifactStore store_{root(), clock_};
};

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
  ASSERT_TRUE(store_.put_all(files(40), {}));
  clock_.advance(std::chrono::hours(2));
  const auto again = files(40);
  const auto contents = store_.put_all(again, {});
  ASSERT_TRUE(contents) << contents.error().message;
  for (const ArtifactFile& file : again) EXPECT_FALSE(fs::exists(file.path));
  const auto page = store_.kept("");
  ASSERT_TRUE(page);
  for (const KeptContent& each : page->contents) EXPECT_EQ(each.kept_at, clock_.now());
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
