#include "adapters/file/upload_spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/upload_spool/suite.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

struct SpoolPlace {
  TemporaryDirectory directory;
  SimClock clock;
  FileUploadSpool spool{directory.path() + "/artifacts/uploads", clock};
};

INSTANTIATE_TEST_SUITE_P(File, UploadSpoolConformance,
                         testing::Values(UploadSpoolImplementation{
                             "file", [] {
                               const auto place = std::make_shared<SpoolPlace>();
                               return UploadSpoolSubject{place, &place->spool};
                             }}));

TEST(FileUploadSpoolTest, WhatNobodyAddedToForADayGoes) {
  SpoolPlace place;
  EXPECT_TRUE(place.spool.sweep()) << "there is nothing yet";
  const std::string old = place.directory.path() + "/artifacts/uploads/old";
  ASSERT_TRUE(place.spool.add("old", 0, "x"));
  const std::int64_t seconds = to_micros(place.clock.now()) / 1'000'000;
  const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, old.c_str(), times, 0), 0);
  place.clock.advance(std::chrono::hours(23));
  ASSERT_TRUE(place.spool.sweep());
  EXPECT_TRUE(fs::exists(old));
  place.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(place.spool.sweep());
  EXPECT_FALSE(fs::exists(old));
}

TEST(FileUploadSpoolTest, ALinkInTheWayIsNotFollowed) {
  SpoolPlace place;
  ASSERT_TRUE(place.spool.add("a", 0, "x"));
  const std::string outside = place.directory.path() + "/outside";
  std::ofstream(outside) << "kept";
  fs::remove(place.directory.path() + "/artifacts/uploads/a");
  fs::create_symlink(outside, place.directory.path() + "/artifacts/uploads/a");
  EXPECT_FALSE(place.spool.add("a", 0, "y"));
  EXPECT_EQ(fs::file_size(outside), 4u);
}

}  // namespace
}  // namespace waybill
