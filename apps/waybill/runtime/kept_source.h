#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/definitions_merge.h"
#include "core/document.h"
#include "core/git_source.h"
#include "core/source_state.h"

namespace waybill::cli {

/// What is kept of a git source: its state in one file that is replaced as a whole, and each of its
/// versions in a directory. Who writes holds a lock.
class KeptSource {
 public:
  /// `kept`: absolute; what is kept of all of them is below it.
  KeptSource(GitSource source, const std::string& kept);

  const GitSource& source() const { return source_; }
  const std::string& place() const { return place_; }
  std::string tree(const std::string& id) const { return place_ + "/trees/" + id; }

  /// A new one if nothing was ever kept. `data_loss` with what to do if it cannot be read.
  Result<SourceState> state() const;
  static Result<SourceState> read_state(const std::string& place);
  Status keep(const SourceState& state) const;
  /// Another one for every state that was kept.
  std::string stamp() const;

  struct Files {
    SourceFiles files;
    std::vector<Problem> problems;  ///< with what is no file of definitions, or one too many
  };
  Result<Files> files(const SourceState& state) const;

  /// Removes what killed processes have left; nobody else may be at it.
  void sweep() const;
  /// As many as somebody reads: a hostile repository has any number of them.
  void keep_few(std::vector<Problem>& problems) const;
  static void keep_few(std::vector<std::string>& left_out);

 private:
  std::string path_in(const std::string& name) const;
  std::string shown(const std::string& commit, const std::string& name) const;
  Result<ReadFile> read(const PinnedFile& pinned, const std::string& name) const;
  std::vector<Problem> problems_of_names(const SourceState& state) const;
  Status add_latest(const SourceState& state, Files& found) const;

  GitSource source_;
  std::string place_;
};

}  // namespace waybill::cli
