#include "kinds/command/artifact_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/artifact.h"
#include "testing/fake_artifact_store.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ArtifactFilesTest : public testing::Test {
 protected:
  void SetUp() override { places_ = make_run_places(directory_.path()).value(); }

  void write(const std::string& path, std::string_view text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  void leave(const std::string& name, std::string_view text) {
    write(places_.artifacts + "/" + name, text);
  }
  Result<FoundArtifacts> find() { return find_artifacts(places_, reported_, bytes_max_); }
  /// "name=content" of all that is found.
  std::vector<std::string> found() {
    const auto artifacts = find();
    EXPECT_TRUE(artifacts) << artifacts.error().message;
    std::vector<std::string> texts;
    if (!artifacts) return texts;
    for (const ArtifactFile& file : artifacts->files) {
      const auto opened = file.open();
      EXPECT_TRUE(opened) << opened.error().message;
      if (opened) texts.push_back(file.name + "=" + FakeArtifactStore::bytes_of(*opened));
    }
    return texts;
  }
  Error refusal() {
    const auto artifacts = find();
    EXPECT_FALSE(artifacts);
    return artifacts ? Error{} : artifacts.error();
  }

  TemporaryDirectory directory_;
  RunPlaces places_;
  std::vector<ReportedArtifact> reported_;
  std::int64_t bytes_max_ = kArtifactBytesDefault;
};

TEST_F(ArtifactFilesTest, WhoeverLeavesNothingHasNone) {
  EXPECT_THAT(found(), IsEmpty());
  fs::remove(places_.artifacts);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(ArtifactFilesTest, EveryFileIsFoundByItsPath) {
  leave("b.csv", "1");
  leave("a/deep/er.json", "{}");
  leave(".hidden", "");
  fs::create_directory(places_.artifacts + "/empty");
  EXPECT_THAT(found(), ElementsAre(".hidden=", "a/deep/er.json={}", "b.csv=1"));
  EXPECT_EQ(find()->size_bytes, 3);
  EXPECT_EQ(find()->files[2].media_type, "text/csv");
}

TEST_F(ArtifactFilesTest, NoLinkIsFollowed) {
  const std::string outside = directory_.path() + "/outside";
  write(outside + "/secret", "secret");
  fs::create_symlink(outside + "/secret", places_.artifacts + "/file");
  fs::create_directory_symlink(outside, places_.artifacts + "/directory");
  fs::create_symlink("nowhere", places_.artifacts + "/dangling");
  leave("real", "x");
  EXPECT_THAT(found(), ElementsAre("real=x"));
  EXPECT_THAT(
      find()->passed_over,
      testing::UnorderedElementsAre("file is a link", "directory is a link", "dangling is a link"));
}

TEST_F(ArtifactFilesTest, WhatIsNoFileIsPassedOver) {
  ASSERT_EQ(::mkfifo((places_.artifacts + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_THAT(find()->passed_over, ElementsAre("fifo is neither a file nor a directory"));
}

TEST_F(ArtifactFilesTest, ALinkInPlaceOfTheDirectoryIsRefused) {
  const std::string outside = directory_.path() + "/outside";
  write(outside + "/secret", "secret");
  fs::remove(places_.artifacts);
  fs::create_directory_symlink(outside, places_.artifacts);
  EXPECT_EQ(refusal().code, Code::invalid_argument);
}

TEST_F(ArtifactFilesTest, AFileThatBecameALinkSinceItWasFoundIsNotOpened) {
  leave("a/b", "x");
  const auto artifacts = find();
  ASSERT_TRUE(artifacts);
  const std::string outside = directory_.path() + "/outside";
  write(outside + "/b", "secret");
  fs::remove_all(places_.artifacts + "/a");
  fs::create_directory_symlink(outside, places_.artifacts + "/a");
  EXPECT_EQ(artifacts->files[0].open().error().code, Code::invalid_argument);
}

TEST_F(ArtifactFilesTest, NamesThatMayNotBeAreRefusedAndShownSafely) {
  leave("a\nb", "x");
  EXPECT_EQ(refusal().code, Code::invalid_argument);
  EXPECT_EQ(refusal().message.find('\n'), std::string::npos);
  fs::remove(places_.artifacts + "/a\nb");
  leave("\xff", "x");
  EXPECT_EQ(refusal().code, Code::invalid_argument);
}

TEST_F(ArtifactFilesTest, TooManyBytesAreRefusedAndTheLimitIsNamed) {
  bytes_max_ = 3;
  leave("a", "12");
  leave("b", "3");
  EXPECT_EQ(found().size(), 2u);
  leave("c", "4");
  EXPECT_EQ(refusal().code, Code::out_of_range);
  EXPECT_THAT(refusal().message, HasSubstr("limits.artifacts"));
}

TEST_F(ArtifactFilesTest, ASparseFileCountsWithItsLength) {
  leave("sparse", "");
  fs::resize_file(places_.artifacts + "/sparse", std::uintmax_t{1} << 40);
  EXPECT_EQ(refusal().code, Code::out_of_range);
}

TEST_F(ArtifactFilesTest, TooManyFilesAreRefused) {
  for (std::size_t i = 0; i <= kArtifactsMax; ++i) {
    const int made = ::mknod((places_.artifacts + "/" + std::to_string(i)).c_str(), 0600, 0);
    ASSERT_EQ(made, 0);
  }
  EXPECT_EQ(refusal().code, Code::out_of_range);
}

TEST_F(ArtifactFilesTest, WhatWasReportedIsFoundUnderItsName) {
  write(places_.scratch + "/out/report.csv", "1");
  leave("b", "2");
  reported_ = {{.path = "./out/report.csv", .name = "", .media_type = ""},
               {.path = places_.artifacts + "/b", .name = "renamed", .media_type = "text/x-b"}};
  EXPECT_THAT(found(), ElementsAre("out/report.csv=1", "renamed=2"));
  EXPECT_EQ(find()->files[1].media_type, "text/x-b");
}

TEST_F(ArtifactFilesTest, APathMayBeTheOneThatLinksLeadTo) {
  const std::string link = directory_.path() + "/link";
  fs::create_directory_symlink(places_.scratch, link);
  write(places_.scratch + "/a", "1");
  const RunPlaces by_link{.scratch = link, .artifacts = places_.artifacts};
  reported_ = {
      {.path = fs::canonical(places_.scratch).string() + "/a", .name = "", .media_type = ""}};
  // A place that is a link itself is refused; the path is understood all the same.
  EXPECT_THAT(find_artifacts(by_link, reported_, bytes_max_).error().message,
              HasSubstr("something else"));
  EXPECT_THAT(found(), ElementsAre("a=1"));
}

TEST_F(ArtifactFilesTest, WhatWasReportedAndIsNotThereOrElsewhereIsRefused) {
  write(directory_.path() + "/outside", "secret");
  fs::create_symlink(directory_.path() + "/outside", places_.scratch + "/link");
  fs::create_directory_symlink(directory_.path(), places_.scratch + "/up");
  write(places_.scratch + "/a", "1");
  for (const std::string& path :
       {std::string("missing"), std::string("../outside"), directory_.path() + "/outside",
        std::string("/etc/passwd"), std::string("link"), std::string("up/outside"),
        std::string("."), std::string("a/../../outside"), places_.scratch}) {
    reported_ = {{.path = path, .name = "", .media_type = ""}};
    EXPECT_EQ(refusal().code, Code::invalid_argument) << path;
  }
  reported_ = {{.path = "a", .name = "../x", .media_type = ""}};
  EXPECT_EQ(refusal().code, Code::invalid_argument);
  reported_ = {{.path = "a", .name = "", .media_type = "x\r\ny"}};
  EXPECT_EQ(refusal().code, Code::invalid_argument);
}

TEST_F(ArtifactFilesTest, AFileThatMayNotBeReadIsTheProgramsFault) {
  leave("a", "1");
  fs::permissions(places_.artifacts + "/a", fs::perms::none);
  const auto found = find();
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->files.size(), 1u);
  const bool is_root = ::geteuid() == 0;  // who may read all
  if (is_root) {
    ASSERT_EQ(::chown(places_.artifacts.c_str(), 65534, 65534), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto opened = found->files[0].open();
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::invalid_argument);
  EXPECT_THAT(opened.error().message, HasSubstr("may not be read"));
}

TEST_F(ArtifactFilesTest, TwoOfTheSameNameAreRefused) {
  leave("a", "1");
  write(places_.scratch + "/b", "2");
  reported_ = {{.path = "b", .name = "a", .media_type = ""}};
  EXPECT_EQ(refusal().code, Code::invalid_argument);
  reported_ = {{.path = "b", .name = "x", .media_type = ""},
               {.path = "b", .name = "y", .media_type = ""}};
  EXPECT_EQ(refusal().code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill
