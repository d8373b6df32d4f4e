#include "adapters/file/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "adapters/file/file_url.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/object_store/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FileObjectStoreTest : public testing::Test {
 protected:
  std::vector<std::string> keys(const ListParams& params = {}) {
    std::vector<std::string> keys;
    const auto page = store_.list(params);
    EXPECT_TRUE(page) << page.error().message;
    if (page) {
      for (const ObjectInfo& object : page->objects) keys.push_back(object.key);
    }
    return keys;
  }

  void write_file(const std::string& path, const std::string& body) {
    fs::create_directories(fs::path(directory_.path() + "/" + path).parent_path());
    std::ofstream(directory_.path() + "/" + path) << body;
  }

  std::vector<std::string> file_names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory directory_;
  FileObjectStore store_{directory_.path()};
};

TEST_F(FileObjectStoreTest, ReadsAndListsTheFilesThatOthersPutThere) {
  write_file("in/2020/a.batch", "one");
  write_file("in/b", "three");
  EXPECT_THAT(keys(), ElementsAre("in/2020/a.batch", "in/b"));
  EXPECT_EQ(store_.get("in/2020/a.batch"), "one");
  EXPECT_EQ(store_.list({}).value().objects[1].size_bytes, 5u);
}

TEST_F(FileObjectStoreTest, SaysThatItsDirectoryIsMissingAndWhatToDo) {
  FileObjectStore missing(directory_.path() + "/nowhere");
  const auto expect_missing = [&](const Error& error) {
    EXPECT_EQ(error.code, Code::not_found);
    EXPECT_THAT(error.message, HasSubstr(directory_.path() + "/nowhere is missing; create it"));
  };
  expect_missing(missing.list({}).error());
  expect_missing(missing.get("a").error());
  expect_missing(missing.put("a", "").error());
  expect_missing(missing.put_if_absent("a", "").error());
  expect_missing(missing.remove("a").error());
  EXPECT_FALSE(fs::exists(directory_.path() + "/nowhere"));
}

TEST_F(FileObjectStoreTest, DoesNotSeeEmptyDirectoriesLinksToDirectoriesAndUnfinishedObjects) {
  fs::create_directories(directory_.path() + "/empty/within");
  write_file("real/a", "a");
  fs::create_directory_symlink(directory_.path(), directory_.path() + "/real/loop");
  fs::create_symlink("a", directory_.path() + "/real/link");
  fs::create_symlink("nowhere", directory_.path() + "/real/dangling");
  write_file("real/.waybill-new-1-1", "half");
  EXPECT_THAT(keys(), ElementsAre("real/a", "real/link"));
  EXPECT_EQ(store_.get("real/link"), "a");
  EXPECT_THAT(store_.list({.delimiter = "/"}).value().prefixes, ElementsAre("real/"));
}

TEST_F(FileObjectStoreTest, LeavesNothingBesideTheObjectsItWrote) {
  ASSERT_TRUE(store_.put("a", "1"));
  ASSERT_TRUE(store_.put("a", "2"));
  ASSERT_TRUE(store_.put_if_absent("b", "1"));
  EXPECT_EQ(store_.put_if_absent("b", "2").error().code, Code::already_exists);
  EXPECT_THAT(file_names(), testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(store_.get("b"), "1");
}

class FileLeftoversTest : public FileObjectStoreTest {
 protected:
  /// A file of that name, last written that long ago.
  void leave(const std::string& path, Duration age) {
    write_file(path, "half");
    fs::last_write_time(directory_.path() + "/" + path,
                        fs::file_time_type::clock::from_sys(clock_.now() - age));
  }
  bool is_there(const std::string& path) const {
    return fs::exists(directory_.path() + "/" + path);
  }

  SimClock clock_;
  FileObjectStore sweeping_{directory_.path(), {.clock = &clock_}};
};

TEST_F(FileLeftoversTest, AWriteRemovesWhatAKilledWriterLeftInItsDirectoryADayAgo) {
  leave("d/.waybill-new-7-1", 25h);
  leave("d/.waybill-new-7-2", 23h);
  leave("d/.waybill-new-7-3", -48h);
  leave("e/.waybill-new-7-1", 25h);
  ASSERT_TRUE(sweeping_.put("d/a", "1"));
  EXPECT_FALSE(is_there("d/.waybill-new-7-1"));
  EXPECT_TRUE(is_there("d/.waybill-new-7-2")) << "somebody may still be writing it";
  EXPECT_TRUE(is_there("d/.waybill-new-7-3")) << "from a clock that is ahead";
  EXPECT_TRUE(is_there("e/.waybill-new-7-1")) << "nothing was written there yet";
  ASSERT_TRUE(sweeping_.put_if_absent("e/a", "1"));
  EXPECT_FALSE(is_there("e/.waybill-new-7-1"));
  EXPECT_THAT(keys(), ElementsAre("d/a", "e/a"));
}

TEST_F(FileLeftoversTest, NothingElseIsEverRemoved) {
  leave(".waybill-key-..", 1000h);
  leave(".waybill-newer", 1000h);
  leave("old", 1000h);
  fs::create_directories(directory_.path() + "/.waybill-new-directory");
  fs::create_symlink("old", directory_.path() + "/.waybill-new-link");
  ASSERT_TRUE(sweeping_.put("a", "1"));
  EXPECT_THAT(file_names(),
              testing::UnorderedElementsAre("a", "old", ".waybill-key-..", ".waybill-newer",
                                            ".waybill-new-link", ".waybill-new-directory"));
}

TEST_F(FileLeftoversTest, ReadingRemovesNothing) {
  leave(".waybill-new-7-1", 25h);
  EXPECT_THAT(sweeping_.list({}).value().objects, IsEmpty());
  EXPECT_EQ(sweeping_.get(".waybill-new-7-1").error().code, Code::not_found);
  EXPECT_TRUE(is_there(".waybill-new-7-1"));
}

TEST_F(FileLeftoversTest, ADirectoryIsLookedThroughAgainAfterADay) {
  ASSERT_TRUE(sweeping_.put("a", "1"));
  leave(".waybill-new-7-1", 23h);
  clock_.advance(12h);
  ASSERT_TRUE(sweeping_.put("a", "2"));
  EXPECT_TRUE(is_there(".waybill-new-7-1")) << "looking each time would cost too much";
  clock_.advance(12h);
  ASSERT_TRUE(sweeping_.put("a", "3"));
  EXPECT_FALSE(is_there(".waybill-new-7-1"));
}

TEST_F(FileObjectStoreTest, RefusesAnObjectThatWouldHaveToBeADirectory) {
  ASSERT_TRUE(store_.put("a", ""));
  ASSERT_TRUE(store_.put("b/c", ""));
  for (const char* key : {"a/b", "a/b/c", "b"}) {
    EXPECT_EQ(store_.put(key, "").error().code, Code::failed_precondition) << key;
    EXPECT_EQ(store_.put_if_absent(key, "").error().code, Code::failed_precondition) << key;
    EXPECT_EQ(store_.get(key).error().code, Code::not_found) << key;
    EXPECT_TRUE(store_.remove(key)) << key;
  }
  EXPECT_THAT(keys(), ElementsAre("a", "b/c"));
}

TEST_F(FileObjectStoreTest, OfRivalsInDifferentProcessesExactlyOneWins) {
  constexpr int kRivals = 4;
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    const std::string key = "race/" + std::to_string(round);
    std::atomic<int> winners{0};
    {
      std::vector<std::jthread> rivals;
      for (int rival = 0; rival < kRivals; ++rival) {
        rivals.emplace_back([&, rival] {
          FileObjectStore own(directory_.path());
          const Status put = own.put_if_absent(key, "rival " + std::to_string(rival));
          if (put) {
            ++winners;
          } else {
            EXPECT_EQ(put.error().code, Code::already_exists) << put.error().message;
          }
        });
      }
    }
    ASSERT_EQ(winners, 1);
  }
}

TEST_F(FileObjectStoreTest, GoesOnWithAPageOfAnotherProcess) {
  std::vector<std::string> expected;
  for (int i = 10; i < 35; ++i) {
    expected.push_back("d" + std::to_string(i / 10) + "/" + std::to_string(i));
    ASSERT_TRUE(store_.put(expected.back(), ""));
  }
  std::vector<std::string> listed;
  ListParams params;
  do {
    // Each page from a store of its own, which cannot have kept anything.
    FileObjectStore store(directory_.path(), {.page_objects_max = 7});
    const auto page = store.list(params);
    ASSERT_TRUE(page);
    EXPECT_LE(page->objects.size(), 7u);
    for (const ObjectInfo& object : page->objects) listed.push_back(object.key);
    params.token = page->next_token;
  } while (!params.token.empty());
  EXPECT_EQ(listed, expected);
}

TEST_F(FileObjectStoreTest, SaysWhenAnObjectChangedUnlessOnlyKeysAreWanted) {
  write_file("a", "body");
  fs::last_write_time(directory_.path() + "/a", fs::file_time_type::clock::from_sys(
                                                    Time(std::chrono::seconds(1'600'000'000))));
  const auto full = store_.list({});
  ASSERT_TRUE(full);
  EXPECT_EQ(full->objects[0].modified_at, Time(std::chrono::seconds(1'600'000'000)));
  const auto lean = store_.list({.detail = ListDetail::keys_only});
  ASSERT_TRUE(lean);
  EXPECT_EQ(lean->objects[0].modified_at, Time{});
}

TEST_F(FileObjectStoreTest, SaysTheSizeOfEachObjectWhereverItsFileLies) {
  const std::vector<std::string> keys = {
      "/", "d", "a/b", "a/c/", "a/e//..", "a0", "../x", ".waybill-y/z", std::string("n\0/m", 4)};
  std::map<std::string, std::uint64_t> sizes;
  for (const std::string& key : keys) {
    sizes[key] = sizes.size() + 1;
    ASSERT_TRUE(store_.put(key, std::string(sizes[key], '.'))) << key;
  }
  const auto page = store_.list({});
  ASSERT_TRUE(page);
  std::map<std::string, std::uint64_t> listed;
  for (const ObjectInfo& object : page->objects) listed[object.key] = object.size_bytes;
  EXPECT_EQ(listed, sizes);
}

TEST_F(FileObjectStoreTest, HasAUrlThatLeadsBackToIt) {
  EXPECT_EQ(parse_file_url(store_.url()), directory_.path());
}

ObjectStoreSubject make_subject(std::size_t page_size) {
  auto directory = std::make_shared<TemporaryDirectory>();
  auto store = std::make_unique<FileObjectStore>(
      directory->path(), FileObjectStoreOptions{.page_objects_max = page_size});
  return {.owner = std::move(directory), .store = std::move(store)};
}

INSTANTIATE_TEST_SUITE_P(File, ObjectStoreConformance,
                         testing::Values(ObjectStoreImplementation{.name = "file",
                                                                   .make = make_subject}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace waybill
