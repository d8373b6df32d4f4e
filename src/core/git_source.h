#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// A place in a git repository whose definitions are followed, as it is written:
/// `REPOSITORY[#REF[:DIRECTORY]]`.
struct GitSource {
  std::string text;        ///< as it was written
  std::string repository;  ///< https://…, ssh://…, user@host:path, or an absolute path
  std::string ref;         ///< branch, tag, refs/…, or a commit; empty: what the remote's HEAD is
  std::string
      directory;  ///< from the repository's top, without slashes at its ends; empty: the top
  /// How git speaks to it: `https`, `http`, `ssh` or `file`.
  std::string protocol;

  bool operator==(const GitSource&) const = default;

  /// Whether `ref` names a commit, which never changes.
  bool is_commit() const;
};

/// Refuses, as `invalid_argument` with what is right, all that git could take for something else:
/// an option, another protocol, a ref that is a pattern or a range, a directory that leads out; and
/// passwords, since the text is shown.
Result<GitSource> parse_git_source(std::string_view text);

/// Whether the text is of 40 hexadecimal digits, lower case.
bool is_commit_id(std::string_view text);

/// The first twelve digits.
std::string short_commit(std::string_view commit);

}  // namespace waybill
