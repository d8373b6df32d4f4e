#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/artifact.h"

namespace waybill {

/// What an attempt leaves behind.
struct AttemptArtifacts {
  Uuid task;
  std::uint64_t fence = 0;
  std::vector<Artifact> artifacts;  ///< `created_at` is set by the index
};

/// A page of a task's artifacts by name, in the order of bytes.
struct ArtifactQuery {
  Uuid task;
  std::string after;  ///< only names greater than this
  std::size_t limit = 100;
};

/// What a ledger says to the store of its contents, so that it can be told from others, and from
/// its own copies.
struct StoreClaim {
  std::string ledger;      ///< 32 hexadecimal digits, drawn when it was made; a copy has the same
  std::int64_t round = 0;  ///< how often it has begun to collect: a copy falls behind

  bool operator==(const StoreClaim&) const = default;
};

/// Which task has which artifacts, and which contents are being collected. Kept beside the ledger,
/// by the same adapter; goes with its tasks. Thread-safe; durable when a call returns. Errors as
/// for Ledger.
///
/// An attempt says what it leaves before it says that it has succeeded, under its fence, and
/// nobody sees it before that. What an attempt said that did not succeed counts as nothing from
/// the moment that its lease is over.
class ArtifactIndex {
 public:
  virtual ~ArtifactIndex() = default;

  /// In place of all that this attempt, or one before it, has said; safe to repeat. From now on
  /// until the lease is over its contents are not collected. `aborted`: the task is not leased with
  /// that fence (any more); `not_found`; `invalid_argument` as check_artifacts;
  /// `unavailable`: one of the contents is being collected at this moment, put it again.
  virtual Status record(const AttemptArtifacts& attempt, Time now) = 0;
  /// Those of a task that has succeeded; none for any other. `not_found`: there is no such task.
  virtual Result<std::vector<Artifact>> list(const ArtifactQuery& query) = 0;
  /// `not_found`: there is no such task, or it has left no such artifact.
  virtual Result<Artifact> find(const Uuid& task, const std::string& name) = 0;
  /// One of those that an attempt has recorded with this content, while it has the lease. `aborted`
  /// as record; `not_found`: there is no such task, or it has recorded none.
  virtual Result<Artifact> recorded(const Uuid& task, std::uint64_t fence,
                                    const std::string& sha256) = 0;

  /// Of these contents (SHA-256 in hexadecimal), those that no task has: nothing can be recorded
  /// with them until they are released, so that who has condemned them can remove them.
  virtual Result<std::vector<std::string>> condemn(std::span<const std::string> contents,
                                                   Time now) = 0;
  /// Those that were condemned before that time, the oldest first, and are condemned still.
  virtual Result<std::vector<std::string>> condemned(Time before, std::size_t limit) = 0;
  /// They are removed, or stay. Passes over those that were condemned after that time, by somebody
  /// else; fine if they are not condemned.
  virtual Status release(std::span<const std::string> contents, Time condemned_until) = 0;

  virtual Result<StoreClaim> claim() = 0;
  /// The same, one round further.
  virtual Result<StoreClaim> next_claim() = 0;
};

}  // namespace waybill
