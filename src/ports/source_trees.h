#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "core/git_source.h"

namespace waybill {

/// Brings the files of a repository as they are at a commit. Thread-safe; blocks.
class SourceTrees {
 public:
  virtual ~SourceTrees() = default;
  /// Makes a directory below `place`, which is the caller's alone, and answers its path. In it are
  /// the regular files of the source's directory, under the names that they have there, for reading
  /// only; no links, and nothing of git's own. Errors: `not_found` or `failed_precondition` (there
  /// is no such commit or directory), `invalid_argument` (a name that leads out),
  /// `resource_exhausted` (it is too much), `unavailable`, `deadline_exceeded`, `cancelled`.
  virtual Result<std::string> bring(const GitSource& source, const std::string& place,
                                    const Deadline& deadline) = 0;
};

}  // namespace waybill
