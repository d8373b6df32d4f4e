#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/file/artifact_store.h"

namespace waybill {

/// One FileArtifactStore::put_all: files are staged (read, and copied where they stay), brought to
/// the disk together, named, and their names brought to the disk. What a failure leaves unnamed is
/// removed, or moved back where its content was not in the store before.
class ArtifactBatch {
 public:
  /// All of it outlives the batch.
  ArtifactBatch(FileArtifactStore& store, std::span<const ArtifactFile> files)
      : store_(store), files_(files) {}
  ~ArtifactBatch();
  ArtifactBatch(const ArtifactBatch&) = delete;
  ArtifactBatch& operator=(const ArtifactBatch&) = delete;

  Result<std::vector<ArtifactContent>> put(const std::stop_token& stop);

 private:
  struct Staged {
    ArtifactContent content;
    std::string path;       ///< of the file that is to be named
    bool is_copy = false;   ///< or else it was moved there
    bool is_there = false;  ///< in the store, before
    FileArtifactStore::Looks looks;
  };

  Status open();
  Status stage_all(const std::stop_token& stop);
  Status stage(const ArtifactFile& file, Staged& staged);
  Status take(const ArtifactFile& file, Staged& staged);
  bool is_there(const std::string& sha256) const;
  Status copy(const ArtifactFile& file, Staged& staged);
  Status name_all();
  Status name(const FileDescriptor& directory, const Staged& staged);
  Status sync_all(const char* what);

  FileArtifactStore& store_;
  const std::span<const ArtifactFile> files_;
  FileDescriptor root_;
  FileDescriptor contents_;
  std::string mark_;  ///< file in unfinished/: what begins with its name is this batch's
  bool is_done_ = false;
  std::vector<Staged> staged_;
};

}  // namespace waybill
