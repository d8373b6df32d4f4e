#include "adapters/file/log_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "testing/builders.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/log_store/suite.h"

namespace waybill {
namespace {

LogStoreSubject make_store() {
  auto directory = std::make_shared<TemporaryDirectory>();
  auto store = std::make_unique<FileLogStore>(directory->path() + "/logs");
  return {.owner = std::move(directory), .store = std::move(store)};
}

INSTANTIATE_TEST_SUITE_P(File, LogStoreConformance,
                         ::testing::Values(LogStoreImplementation{"File", make_store}));

class FileLogStoreTest : public ::testing::Test {
 protected:
  std::string only_file() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      if (entry.is_regular_file()) return entry.path().string();
    }
    return {};
  }
  std::string all_text() {
    std::string text;
    const LogPage page = store_.read(task_id(1), "", 1 << 20).value();
    for (const LogChunk& chunk : page.chunks) text += chunk.bytes;
    return text;
  }

  TemporaryDirectory directory_;
  FileLogStore store_{directory_.path()};
};

TEST_F(FileLogStoreTest, ARecordThatACrashLeftHalfWrittenIsPassedOverWhereverItWasCut) {
  ASSERT_TRUE(store_.append(task_id(1), {.bytes = "whole\n"}).has_value());
  const std::string path = only_file();
  const auto whole = std::filesystem::file_size(path);
  ASSERT_TRUE(store_.append(task_id(1), {.bytes = "torn\n"}).has_value());
  for (auto size = std::filesystem::file_size(path) - 1; size >= whole; --size) {
    std::filesystem::resize_file(path, size);
    EXPECT_EQ(all_text(), "whole\n") << "cut at " << size;
  }
}

TEST_F(FileLogStoreTest, ABatchThatACrashLeftHalfWrittenIsCompletedByTheSameOne) {
  const std::vector<LogChunk> batch = {{.bytes = "one\n"}, {.bytes = "two\n"}, {.bytes = "3\n"}};
  ASSERT_TRUE(store_.append_all(task_id(1), batch, 0));
  const std::string path = only_file();
  for (auto size = std::filesystem::file_size(path); size > 0; --size) {
    std::filesystem::resize_file(path, size - 1);
    FileLogStore restarted(directory_.path());
    ASSERT_TRUE(restarted.append_all(task_id(1), batch, 0));
    ASSERT_EQ(all_text(), "one\ntwo\n3\n") << "cut at " << size;
    ASSERT_TRUE(restarted.append_all(task_id(1), batch, 0));
    ASSERT_EQ(all_text(), "one\ntwo\n3\n") << "cut at " << size;
    std::filesystem::resize_file(path, size - 1);
  }
}

TEST_F(FileLogStoreTest, OfABatchForWhichThereIsNoRoomNothingIsKept) {
  const std::vector<LogChunk> batch = {{.bytes = "one\n"}, {.bytes = std::string(5000, 'x')}};
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status refused = store_.append_all(task_id(1), batch, 0);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_action);
  EXPECT_FALSE(refused);
  EXPECT_EQ(all_text(), "");
  ASSERT_TRUE(store_.append_all(task_id(1), batch, 0));
  EXPECT_EQ(all_text(), "one\n" + std::string(5000, 'x'));
}

TEST_F(FileLogStoreTest, ARecordWhoseBytesWereDamagedIsPassedOver) {
  ASSERT_TRUE(store_.append(task_id(1), {.bytes = "first"}).has_value());
  ASSERT_TRUE(store_.append(task_id(1), {.bytes = "second"}).has_value());
  std::fstream(only_file(), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(-1, std::ios::end)
      .put('x');
  EXPECT_EQ(all_text(), "first");
}

TEST_F(FileLogStoreTest, TheNextAttemptIsReadAfterATornOne) {
  ASSERT_TRUE(store_.append(task_id(1), {.attempt = 1, .bytes = "one"}).has_value());
  const std::string path = only_file();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  ASSERT_TRUE(store_.append(task_id(1), {.attempt = 10, .bytes = "ten"}).has_value());
  ASSERT_TRUE(store_.append(task_id(1), {.attempt = 9, .bytes = "nine"}).has_value());
  EXPECT_EQ(all_text(), "nineten");
}

TEST_F(FileLogStoreTest, ADirectoryThatCannotBeMadeIsNamed) {
  std::ofstream(directory_.path() + "/file") << "in the way";
  FileLogStore blocked(directory_.path() + "/file/logs");
  const Status appended = blocked.append(task_id(1), {.bytes = "x"});
  ASSERT_FALSE(appended.has_value());
  EXPECT_NE(appended.error().message.find(directory_.path() + "/file/logs"), std::string::npos)
      << appended.error().message;
}

}  // namespace
}  // namespace waybill
