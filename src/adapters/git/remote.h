#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "adapters/git/program.h"
#include "core/git_source.h"

namespace waybill::git {

/// What is kept of the directory of a source at a commit.
struct Version {
  std::string commit;
  std::string tree;  ///< git's id of the directory's content: the same for the same content
  /// Symbolic links, submodules and the like, by path: they are not kept.
  std::vector<std::string> left_out;
};

/// Files of a version at most, and bytes of all of them together.
inline constexpr std::size_t kFilesMax = 10'000;
inline constexpr std::size_t kBytesMax = std::size_t{32} << 20;

/// Takes definitions from remotes. Thread-safe but for calls with the same directory.
class Remote {
 public:
  Remote(Access access, Limits limits, Clock& clock)
      : access_(std::move(access)), limits_(limits), clock_(clock) {}

  /// The commit that the source's ref is at now, as the remote says; takes nothing else from it.
  /// `not_found`: it has no such ref; `invalid_argument`: a branch and a tag have that name.
  /// Otherwise as run().
  Result<std::string> find(const GitSource& source, const Deadline& deadline) const;

  /// Takes the files of the source's directory as they are at its ref now, and keeps them, if they
  /// are not there, as `trees/TREE` below `place`, which is whole or not there at all. Only regular
  /// files are kept, under the names that they have. `failed_precondition`: there is no such
  /// directory at that commit; `invalid_argument`: a file's name leads out of it;
  /// `resource_exhausted`: it is too much. Otherwise as find().
  Result<Version> fetch(const GitSource& source, const std::string& place,
                        const Deadline& deadline) const;

 private:
  Result<std::string> git(std::vector<std::string> arguments, const Deadline& deadline,
                          std::string protocol = "") const;
  /// Fetches into a new repository, and answers the commit.
  Result<std::string> take(const GitSource& source, const std::string& repository,
                           const Deadline& deadline) const;
  /// `refs/heads/main`, and the commit that it is at.
  Result<std::string> full_ref(const GitSource& source, const Deadline& deadline,
                               std::string* commit) const;

  const Access access_;
  const Limits limits_;
  Clock& clock_;
};

}  // namespace waybill::git
