#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/work_slots.h"
#include "ports/artifact_index.h"
#include "ports/artifact_shelf.h"
#include "ports/artifact_store.h"
#include "ports/upload_spool.h"
#include "services/artifact_keeper.h"

namespace waybill {

/// The artifacts of tasks as the doors of the service show and take them. Thread-safe; blocks, but
/// for no great content that somebody else is reading or keeping: then, and when a few are at it
/// already, the error is `unavailable` with `retry_after`, and the same call may be made again.
class ArtifactDesk {
 public:
  /// All of it outlives the desk.
  ArtifactDesk(ArtifactStore& store, ArtifactIndex& index, UploadSpool& spool, Clock& clock)
      : store_(store), index_(index), spool_(spool), keeper_(store, index, clock) {}

  ArtifactIndex& index() { return index_; }
  struct Content {
    FileDescriptor file;
    std::int64_t size_bytes = 0;
  };
  /// As ArtifactStore::open, if not busy.
  Result<Content> open(const std::string& sha256);
  /// The one that an artifact says; `data_loss` also if it has another size.
  Result<Content> open(const Artifact& artifact);
  /// As ArtifactKeeper::record, if not busy.
  Result<std::vector<std::string>> record(const AttemptArtifacts& attempt) {
    return keeper_.record(attempt, IfBusy::refuse);
  }

  struct Piece {
    std::string sha256;       ///< of the whole content
    std::int64_t offset = 0;  ///< where these bytes belong
    std::string_view bytes;
  };
  struct Received {
    std::int64_t bytes = 0;  ///< that are there by now: where to go on
    bool complete = false;   ///< the content is kept
  };
  /// Takes a piece of a content that the attempt has recorded. Fine to repeat. `aborted`: the lease
  /// is another's; `not_found`: it has recorded no such content; `out_of_range`: more bytes than it
  /// has recorded; `data_loss`: all came, and they are other bytes; begin again.
  Result<Received> take(const ArtifactOwner& owner, const Piece& piece);

 private:
  Result<Received> finish(const std::string& name, const Artifact& artifact);

  ArtifactStore& store_;
  ArtifactIndex& index_;
  UploadSpool& spool_;
  ArtifactKeeper keeper_;
  WorkSlots finishing_{4};
};

}  // namespace waybill
