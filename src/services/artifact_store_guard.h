#pragma once

#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "ports/artifact_index.h"
#include "ports/artifact_store.h"

namespace waybill {

/// Sees that one ledger alone works on a store of contents, since a collector removes what its own
/// ledger does not know. The store says whose it is: the first ledger that comes is, until a person
/// removes that. It also says which round of collecting was the last, so that a copy of the ledger,
/// restored or tried out, is told from the ledger that went on. Thread-safe; blocks.
///
/// Errors: `failed_precondition` says whose it is, and the ways out; others are the store's and the
/// index's.
class ArtifactStoreGuard {
 public:
  /// Both outlive the guard.
  ArtifactStoreGuard(ArtifactStore& store, ArtifactIndex& index) : store_(store), index_(index) {}

  /// For who puts contents: it is this ledger's, or one's that is a copy of it. What was found is
  /// good for a minute.
  Status may_keep(Time now);
  /// For who removes contents: it is this ledger's, and knows of no later round than the ledger.
  Status may_collect();
  /// The same, for a new round: until the next one all older copies of the ledger are refused.
  Status begin_round();

 private:
  enum class Copies : std::uint8_t { let, refused };
  Status check(Copies copies);

  ArtifactStore& store_;
  ArtifactIndex& index_;
  Mutex mutex_;
  Time good_until_ GUARDED_BY(mutex_){};
};

}  // namespace waybill
