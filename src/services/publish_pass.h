#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "core/definition.h"
#include "core/prio/window.h"
#include "ports/clock.h"
#include "ports/object_store.h"
#include "ports/queue.h"
#include "services/publish_report.h"
#include "services/scan_lock.h"

namespace waybill {

/// What a pass works with; all of it outlives the pass.
struct PublishPorts {
  ObjectStore& ingestion;
  ObjectStore& own;  ///< markers are written here, and the scan lock if `lock` is null
  ObjectStore& peer;
  /// Null only in a dry run.
  Queue* intake = nullptr;
  Queue* aggregate = nullptr;
  Clock& clock;
  /// The same bucket as `own`, for the scan lock: may go on when calls of `own` are given up, so
  /// that the lock is given back.
  ObjectStore* lock = nullptr;
};

enum class PublishMode : std::uint8_t {
  real,
  dry_run,  ///< lists and plans; takes no lock and writes nothing
};

struct PublishOptions {
  PrioScan scan;
  PublishMode mode = PublishMode::real;
  std::size_t marker_bytes_max = prio::kMarkerBytesMax;  ///< what the bucket of markers can name
  std::optional<Time> now;         ///< the time the pass is made for; none: the clock's
  std::size_t workers = 100;       ///< publishes and marker writes under way at a time
  std::size_t list_workers = 8;    ///< listings under way at a time
  std::size_t publish_batch = 10;  ///< messages in one call of the queue
  ScanLockParams lock;
  /// Told how far a phase is, now and then; `total` is zero where nobody knows it. May be empty.
  std::function<void(PublishPhase phase, std::int64_t done, std::int64_t total)> progress;
  /// What is under way is finished, markers too; nothing more is begun.
  std::stop_token stop{};
};

/// One pass of workflow-manager without a ledger: takes the scan lock, lists, plans, publishes
/// with confirmation (intake first), and writes the marker of each message that was confirmed.
///
/// Cut off anywhere, the next pass does what is missing; what was published and not yet marked is
/// published again under the same id, and nothing else twice. A bucket that cannot be listed keeps
/// back only what depends on it; a publish or marker that fails keeps nothing else back.
///
/// An error means that nothing was published: the lock or the aggregation ids could not be had, or
/// the definition cannot be right (`invalid_argument`).
Result<PublishReport> run_publish_pass(const PublishPorts& ports, const PublishOptions& options);

}  // namespace waybill
