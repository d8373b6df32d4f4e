#include "adapters/git/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "testing/temporary_directory.h"

namespace waybill::git {
namespace {

using testing::ElementsAre;

constexpr std::size_t kFiles = 10;
constexpr std::uint64_t kBytes = 1000;
const std::string kId(40, 'a');

std::string entry(const std::string& mode, const std::string& path, const std::string& size = "3") {
  const std::string type = mode == "160000" ? "commit" : "blob";
  return mode + " " + type + " " + kId + "       " + size + "\t" + path + std::string(1, '\0');
}

TEST(TreeTest, ReadsFilesAndLeavesOutTheRest) {
  const auto listing = read_listing(entry("100644", "a.yaml") + entry("100755", "bin/run.sh") +
                                        entry("120000", "link") + entry("160000", "module", "-"),
                                    kFiles, kBytes);
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->files.size(), 2U);
  EXPECT_FALSE(listing->files[0].is_executable);
  EXPECT_TRUE(listing->files[1].is_executable);
  EXPECT_EQ(listing->files[1].path, "bin/run.sh");
  EXPECT_THAT(listing->left_out, ElementsAre("link", "module"));
}

TEST(TreeTest, RefusesNamesThatLeadOut) {
  for (const std::string path : {"../x", "a/../../x", "/etc/x", "a//b", ".git/hooks/x", ".GIT/x",
                                 "a/.git/config", "a/", "./a", "../a\nb"}) {
    const auto listing = read_listing(entry("100644", path), kFiles, kBytes);
    ASSERT_FALSE(listing) << path;
    EXPECT_EQ(listing.error().code, Code::invalid_argument);
  }
  EXPECT_TRUE(read_listing(entry("100644", ".github/workflows/x.git.yaml"), kFiles, kBytes));
}

TEST(TreeTest, LeavesOutNamesThatNoFileMayHave) {
  const auto listing = read_listing(entry("100644", "a\nb.yaml") + entry("100644", "good.yaml") +
                                        entry("100644", "d/a\\b") + entry("100644", "x\x7f"),
                                    kFiles, kBytes);
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->files.size(), 1U);
  EXPECT_EQ(listing->files[0].path, "good.yaml");
  EXPECT_THAT(listing->left_out, ElementsAre("a\nb.yaml", "d/a\\b", "x\x7f"));
}

TEST(TreeTest, RefusesWhatIsTooMuch) {
  std::string many;
  for (std::size_t i = 0; i <= kFiles; ++i) many += entry("100644", "f" + std::to_string(i));
  EXPECT_EQ(read_listing(many, kFiles, kBytes).error().code, Code::resource_exhausted);
  const auto big = read_listing(entry("100644", "a", "1001"), kFiles, kBytes);
  EXPECT_EQ(big.error().code, Code::resource_exhausted);
}

TEST(TreeTest, WritesWhatGitTells) {
  const TemporaryDirectory directory;
  const auto listing =
      read_listing(entry("100644", "d/e/a") + entry("100755", "d/b"), kFiles, kBytes);
  const std::string contents = kId + " blob 3\nx\ny\n" + kId + " blob 3\n123\n";
  ASSERT_TRUE(write_tree(*listing, contents, directory.path()));
  namespace fs = std::filesystem;
  EXPECT_EQ(fs::file_size(directory.path() + "/d/e/a"), 3U);
  EXPECT_NE(fs::status(directory.path() + "/d/b").permissions() & fs::perms::owner_exec,
            fs::perms::none);
}

TEST(TreeTest, BelievesNoOutputThatDoesNotFit) {
  const auto listing = read_listing(entry("100644", "a"), kFiles, kBytes);
  for (const std::string contents :
       {std::string(), kId + " missing\n", kId + " blob 3\nxy", kId + " blob 4\nxxxx\n"}) {
    const TemporaryDirectory directory;
    const Status written = write_tree(*listing, contents, directory.path());
    ASSERT_FALSE(written) << contents;
    EXPECT_EQ(written.error().code, Code::data_loss);
  }
}

TEST(TreeTest, AFileThatIsADirectoryTooIsRefused) {
  const TemporaryDirectory directory;
  const auto listing = read_listing(entry("100644", "a") + entry("100644", "a/b"), kFiles, kBytes);
  const std::string one = kId + " blob 3\nxyz\n";
  EXPECT_FALSE(write_tree(*listing, one + one, directory.path()));
}

}  // namespace
}  // namespace waybill::git
