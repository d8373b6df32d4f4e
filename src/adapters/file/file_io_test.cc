#include "adapters/file/file_io.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <cstdio>

#include "testing/temporary_directory.h"

namespace waybill {
namespace {

using testing::HasSubstr;

class FileIoTest : public testing::Test {
 protected:
  FileDescriptor open(int more = 0) const {
    return FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | more, 0600));
  }
  bool is_locked() const { return ::flock(open().get(), LOCK_EX | LOCK_NB) != 0; }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/file";
};

TEST_F(FileIoTest, WhatWasWrittenIsReadWhateverSizeIsExpected) {
  const std::string text(100'000, 'x');
  ASSERT_TRUE(write_all(open(), text, path_));
  EXPECT_EQ(read_all(open(), text.size(), path_), text);
  EXPECT_EQ(read_all(open(), 0, path_), text);
  EXPECT_EQ(read_all(open(), 2 * text.size(), path_), text);
}

TEST_F(FileIoTest, ErrorsNameTheFile) {
  const FileDescriptor closed;
  for (const Error& error :
       {write_all(closed, "x", path_).error(), read_all(closed, 1, path_).error(),
        sync(closed, path_).error(), sync_data(closed, path_).error(),
        FileLock::take(closed, path_).error(), sync_directory_of(path_ + "/x").error()}) {
    EXPECT_THAT(error.message, HasSubstr(path_));
  }
}

TEST_F(FileIoTest, ALockIsHeldForItsLife) {
  const FileDescriptor file = open();
  {
    auto taken = FileLock::take(file, path_);
    ASSERT_TRUE(taken);
    const FileLock moved = std::move(*taken);
    EXPECT_TRUE(is_locked());
  }
  EXPECT_FALSE(is_locked());
}

TEST_F(FileIoTest, AFileThatWasRenamedOrReplacedHasItsNameNoMore) {
  const FileDescriptor file = open();
  EXPECT_TRUE(is_named(file, path_));
  ASSERT_EQ(std::rename(path_.c_str(), (path_ + ".old").c_str()), 0);
  EXPECT_FALSE(is_named(file, path_));
  const FileDescriptor other = open();
  EXPECT_FALSE(is_named(file, path_));
  EXPECT_TRUE(is_named(other, path_));
}

}  // namespace
}  // namespace waybill
