#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"
#include "ports/artifact_index.h"
#include "ports/artifact_store.h"
#include "ports/ledger.h"
#include "ports/upload_spool.h"
#include "services/artifact_store_guard.h"
#include "services/service.h"

namespace waybill {

struct ArtifactCollectorParams {
  Duration every = std::chrono::hours(1);
  /// Between two steps that had something to look at, so that work goes before tidying.
  Duration pause = std::chrono::milliseconds(20);
  /// Contents that were put so lately are left alone. Nothing would be lost without it: it spares
  /// attempts that are just keeping their artifacts a second put.
  Duration keep_new = std::chrono::hours(1);
  /// What was condemned so long ago is a collector's that died, or could not be told whether it was
  /// removed: it is taken over. A live one begins no removal after half of it, and no store takes
  /// so long as the other half for one.
  Duration take_over_after = std::chrono::minutes(10);
};

/// Removes contents that no artifact has any more: of tasks that retention removed, and of attempts
/// that came to nothing. It condemns a content first, which is refused as soon as any task has it,
/// and after which no task can come to have it; then it removes and releases it. A crash in between
/// leaves a condemned content, which a later collector takes over. Any number may run at once. One
/// step looks at a page of contents, or removes a few. A store that is another ledger's, or was the
/// one's that this ledger is an old copy of, is left alone: `failed_precondition`, as
/// ArtifactStoreGuard says.
class ArtifactCollector final : public Service {
 public:
  /// All of it outlives the collector. The ledger tells the time.
  ArtifactCollector(ArtifactStore& store, ArtifactIndex& index, const WorkLedger& ledger,
                    const ArtifactCollectorParams& params = {})
      : store_(store), index_(index), ledger_(ledger), params_(params), guard_(store, index) {}
  /// Each round also sweeps the pieces that never became whole. The spool outlives the collector.
  ArtifactCollector(ArtifactStore& store, ArtifactIndex& index, const WorkLedger& ledger,
                    UploadSpool& spool)
      : ArtifactCollector(store, index, ledger) {
    spool_ = &spool;
  }

  std::string_view name() const override { return "artifact collector"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Round {
    std::string cursor;             // of the next page; empty at the beginning and at the end
    std::vector<std::string> left;  // of this page, old enough
    Time not_put_after{};
  };
  Result<Duration> advance(const Deadline& deadline);
  Status take_over();
  Status look();
  Status collect(const Deadline& deadline);
  Status remove(const std::vector<std::string>& condemned, Time at, const Deadline& deadline);

  ArtifactStore& store_;
  ArtifactIndex& index_;
  const WorkLedger& ledger_;
  const ArtifactCollectorParams params_;
  ArtifactStoreGuard guard_;
  UploadSpool* spool_ = nullptr;
  std::optional<Round> round_;  // under way
};

}  // namespace waybill
