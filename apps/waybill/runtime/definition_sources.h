#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/git/remote.h"
#include "apps/waybill/definition_files.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/runtime/kept_digests.h"
#include "apps/waybill/runtime/kept_source.h"
#include "base/deadline.h"
#include "core/config.h"
#include "core/definition.h"
#include "core/definitions_merge.h"
#include "core/git_source.h"
#include "core/source_state.h"
#include "ports/clock.h"

namespace waybill::cli {

/// How repositories are spoken to, as the settings have it.
git::Access git_access(const Config& config);

/// The definitions of a process: those of --definitions, read where they stand, and those of
/// --definitions-from, kept below the data directory as they were when they last were right.
/// Several processes may share that directory.
class DefinitionSources {
 public:
  /// `clock` outlives it.
  static Result<std::unique_ptr<DefinitionSources>> create(const Config& config, Clock& clock);

  /// Whether any repository is followed.
  bool any() const { return !sources_.empty(); }

  struct Loaded {
    Definitions definitions;
    std::vector<SourceState> states;  ///< in the order of the settings
    std::vector<Problem> problems{};  ///< of --definitions; nothing is defined then

    /// Whether every source was ever fetched.
    bool is_complete() const;
  };
  /// What holds, without asking anybody. `invalid_argument` lists all that is wrong in
  /// --definitions; what is wrong in a repository is in the states.
  Result<Loaded> load();
  /// The same, with what is wrong in --definitions one by one.
  Result<Loaded> look();
  /// Asks every remote, keeps what is new, and answers what holds from then on. A remote that
  /// cannot be asked is no error here: its state says so, and what was kept of it goes on.
  Result<Loaded> sync(const Deadline& deadline);
  /// The same as if that were kept, but for the states, which nobody else sees.
  Result<Loaded> try_sync(const Deadline& deadline);
  /// Changes whenever a sync by any process has changed what is kept.
  std::string stamp() const;

  /// Every source that is followed now, or was by this data directory.
  std::vector<GitSource> followed() const;

 private:
  DefinitionSources(const Config& config, Kinds kinds, Clock& clock);

  enum class Keep { yes, no };
  void ask(const KeptSource& source, SourceState& state, const Deadline& deadline) const;
  Result<Loaded> ask_all(const Deadline& deadline, Keep keep);
  /// Those of --definitions, as they were when they were first asked for.
  Result<const ReadDocuments*> own();
  /// The error of what is wrong in --definitions.
  Result<Loaded> whole(Result<Loaded> loaded) const;
  Result<Loaded> merge(std::vector<SourceState> states);
  /// What was merged last, if that is of the same files.
  std::optional<Loaded> merged_before(const std::vector<SourceState>& states) const;

  const std::string data_;
  const std::string directory_;  ///< --definitions; may be empty
  const std::string kept_;       ///< absolute
  const Kinds kinds_;
  Clock& clock_;
  const git::Remote remote_;
  std::vector<KeptSource> sources_;
  std::optional<ReadDocuments> own_;
  KeptDigests digests_;         ///< of what is kept of repositories
  std::optional<Loaded> last_;  ///< what merge() gave
};

}  // namespace waybill::cli
