#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace waybill {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// What a guide says and the tree does not have: paths between backquotes, and blocks of code that
/// are marked with the file that they are from (```cpp file=PATH).
std::vector<std::string> untrue_in(const std::string& guide) {
  static const std::regex kPath(
      "`((?:src|tests|apps|scripts|docs|schemas|examples)/[A-Za-z0-9_./-]+)`");
  static const std::regex kBlock("```[a-z]+ file=(\\S+)\n([^`]*)```");
  std::vector<std::string> untrue;
  for (std::sregex_iterator match(guide.begin(), guide.end(), kPath), end; match != end; ++match) {
    if (!fs::exists((*match)[1].str())) untrue.push_back((*match)[1].str());
  }
  for (std::sregex_iterator match(guide.begin(), guide.end(), kBlock), end; match != end; ++match) {
    const std::string file = (*match)[1].str();
    if (read_file(file).find((*match)[2].str()) == std::string::npos) {
      untrue.push_back("code of " + file);
    }
  }
  return untrue;
}

TEST(Guides, NameFilesAndShowCodeThatAreThere) {
  int guides = 0;
  for (const auto& entry : fs::directory_iterator("docs/guides")) {
    ++guides;
    EXPECT_THAT(untrue_in(read_file(entry.path())), IsEmpty()) << entry.path();
  }
  EXPECT_GT(guides, 0);
  const std::string contract = "docs/reference/command-tasks.md";
  EXPECT_THAT(untrue_in(read_file(contract)), IsEmpty()) << contract;
}

TEST(Guides, AreSeenToBeWrong) {
  const std::string guide =
      "See `src/base/nowhere.h` and `src/base/json.h`.\n"
      "```cpp file=src/base/json.h\nint not_there();\n```\n"
      "```cpp file=src/base/json.h\nnamespace waybill::json {\n```\n";
  EXPECT_THAT(untrue_in(guide), ElementsAre("src/base/nowhere.h", "code of src/base/json.h"));
}

}  // namespace
}  // namespace waybill
