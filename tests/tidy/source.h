#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::tidy {

/// A file of the tree as the rules see it.
struct Source {
  std::string path;  ///< from the top of the tree, with /
  std::string text;
  std::string
      code;  ///< text with comments and the insides of literals blanked out; lines as they are

  bool is_header() const { return path.ends_with(".h"); }
  bool is_cpp() const { return path.ends_with(".h") || path.ends_with(".cc"); }
  /// Tests, fuzz targets, and the fakes and suites that only they use.
  bool is_test() const;
  bool is_under(std::string_view folder) const { return path.starts_with(folder); }
};

Source make_source(std::string path, std::string text);

/// Every text file of the tree below `top`, by path; builds, version control and corpora left out.
std::vector<Source> load_tree(const std::filesystem::path& top);

/// Without line ends. A last line without one counts.
std::vector<std::string_view> lines_of(std::string_view text);

/// The line, from 1, that holds this offset.
std::size_t line_at(std::string_view text, std::size_t offset);

}  // namespace waybill::tidy
