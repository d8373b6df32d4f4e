#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/uuid.h"
#include "ports/artifact_file.h"

namespace waybill {

/// Whose files they are.
struct ArtifactOwner {
  Uuid task;
  std::uint64_t fence = 0;
};

/// Where runs leave files, and find those of other tasks. Thread-safe; blocks.
class ArtifactShelf {
 public:
  virtual ~ArtifactShelf() = default;
  /// Keeps files, all or none, in place of what this attempt has left before; people see them once
  /// it has succeeded. On disk when it returns. Errors: `aborted` (the lease is another's),
  /// `cancelled` (by `stop`), `invalid_argument` (a name, two of the same, too many),
  /// `resource_exhausted` (no room), `out_of_range` (one is larger than is taken), `unavailable`.
  virtual Status keep(const ArtifactOwner& owner, std::span<const ArtifactFile> files,
                      const std::stop_token& stop) = 0;
  /// Writes the content of that SHA-256 to a new file, for reading only. `not_found`, `data_loss`,
  /// `already_exists` (the file), `resource_exhausted`, `unavailable`.
  virtual Status fetch(const ArtifactOwner& owner, const std::string& sha256,
                       const std::string& path, const std::stop_token& stop) = 0;
};

}  // namespace waybill
