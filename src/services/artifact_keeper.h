#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "ports/artifact_index.h"
#include "ports/artifact_shelf.h"
#include "ports/artifact_store.h"
#include "ports/clock.h"
#include "services/artifact_store_guard.h"

namespace waybill {

/// Keeps contents before it says whose they are, and then looks whether all are there still: what
/// was collected in between is put once more, and what is recorded is not collected. So no artifact
/// that people see lacks its content, whenever a collector runs (docs/adr/0020). Thread-safe. Both
/// calls that keep are refused on another ledger's store, as ArtifactStoreGuard says.
class ArtifactKeeper final : public ArtifactShelf {
 public:
  /// All of it outlives the keeper.
  ArtifactKeeper(ArtifactStore& store, ArtifactIndex& index, Clock& clock)
      : store_(store), index_(index), clock_(clock), guard_(store, index) {}

  Status keep(const ArtifactOwner& owner, std::span<const ArtifactFile> files,
              const std::stop_token& stop) override;
  Status fetch(const ArtifactOwner& owner, const std::string& sha256, const std::string& path,
               const std::stop_token& stop) override;

  /// For who has the contents elsewhere: records what an attempt leaves, and answers the digests of
  /// those contents that the store lacks, or has damaged, each once. Errors as
  /// ArtifactIndex::record and as ArtifactStore::size_bytes; `out_of_range`: the store takes none
  /// so large; `invalid_argument`: a size is not that of a content that is there. Nothing is
  /// recorded then.
  Result<std::vector<std::string>> record(const AttemptArtifacts& attempt,
                                          IfBusy if_busy = IfBusy::wait);

 private:
  Result<ArtifactContent> put(const ArtifactFile& file);
  Status check_sizes(std::span<const Artifact> artifacts) const;
  std::vector<Result<std::int64_t>> sizes_of(const std::vector<const Artifact*>& artifacts,
                                             IfBusy if_busy);
  Result<std::vector<std::string>> look(std::span<const Artifact> artifacts, IfBusy if_busy);

  ArtifactStore& store_;
  ArtifactIndex& index_;
  Clock& clock_;
  ArtifactStoreGuard guard_;
};

/// Makes a new file of a content, for reading only. Errors as ArtifactShelf::fetch.
Status write_artifact_file(const FileDescriptor& content, const std::string& sha256,
                           const std::string& path);

}  // namespace waybill
