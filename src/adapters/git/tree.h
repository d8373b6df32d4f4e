#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill::git {

/// A file of a tree, as git ls-tree tells it.
struct TreeFile {
  std::string path;
  std::string id;
  std::uint64_t size = 0;
  bool is_executable = false;
};
struct TreeListing {
  std::vector<TreeFile> files;
  /// What is no regular file, and names with control characters or backslashes.
  std::vector<std::string> left_out;
};

/// Reads the output of `git ls-tree -r -z -l`. Refuses paths that lead anywhere but below the tree,
/// or into a directory that git keeps its own things in, and what is over the limits.
Result<TreeListing> read_listing(std::string_view output, std::size_t files_max,
                                 std::uint64_t bytes_max);

/// Writes the files below `directory`, which has to be new and empty. `contents` is the output of
/// `git cat-file --batch` for their ids, in that order; `data_loss` if it is not.
Status write_tree(const TreeListing& listing, std::string_view contents,
                  const std::string& directory);

}  // namespace waybill::git
