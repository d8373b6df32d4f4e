#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill {

enum class InsertOutcome : std::uint8_t { inserted, duplicate };
struct Inserted {
  Uuid id;  ///< of the task that is in the ledger: the request's own, or the one that kept it out
  InsertOutcome outcome = InsertOutcome::inserted;
  Time created_at{};  ///< as the task has it; of one that was inserted
};

struct ClaimParams {
  /// Looked at together, best rank first; paused ones are skipped. Empty: every queue there is.
  std::vector<std::string> queues;
  std::vector<std::string> kinds;  ///< that the worker can run; empty: any
  std::vector<Uuid> only_ids;      ///< from queue messages; empty: any
  std::string worker;
  std::size_t limit = 1;
  /// text_bytes of the tasks after which no more are claimed, the one that reaches it included; 0:
  /// no limit.
  std::size_t bytes_max = 0;
  Duration lease = std::chrono::seconds(30);
};

struct Extension {
  Uuid id;
  std::int64_t handle = 0;
  std::uint64_t fence = 0;
  Duration lease{};  ///< from now
};
/// `cancel_requested` extends the lease too, so that there is time to end. `lost`: the fence is not
/// the task's or it is not leased: stop working on it.
enum class ExtendOutcome : std::uint8_t { extended, cancel_requested, lost };

/// What a running task says about itself. Both are JSON objects; empty: unchanged.
struct Report {
  Uuid id;
  std::uint64_t fence = 0;
  std::string progress;    ///< e.g. {"done":3,"total":10,"message":"…"}
  std::string checkpoint;  ///< given to the next attempt
};

struct Overdue {
  std::vector<Task> tasks;  ///< leased with lease_until <= now, or scheduled with run_at <= now
  Time next = kTimeMax;     ///< when the first one that is not in `tasks` falls due, as known now
};

/// What a worker asks of a ledger: leases, and to keep what came of them. Every call is as Ledger
/// says. Thread-safe.
class WorkLedger {
 public:
  virtual ~WorkLedger() = default;

  /// The ledger's clock. All stored times come from it.
  virtual Time now() const = 0;

  /// Leases up to `limit` ready tasks by rank, each through `transition`, within each queue's
  /// concurrency limit. Their order is rank order, first accepted first where ranks are equal.
  /// Empty when there is nothing.
  virtual Result<std::vector<Task>> claim(const ClaimParams& params) = 0;

  /// Makes changes durable, each by compare-and-set; one answer each, in order, `aborted` where it
  /// no longer applies, `not_found` where the task is gone. A success also takes the tasks that
  /// wait for it one step further, in the same transaction.
  virtual Result<std::vector<Status>> apply(std::span<const Change> changes) = 0;

  /// Heartbeats. One answer each, in order.
  virtual Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) = 0;

  /// Keeps the latest progress and checkpoint. One answer each: `aborted` for an old fence.
  virtual Result<std::vector<Status>> record(std::span<const Report> reports) = 0;
};

/// The truth about tasks (ARCHITECTURE.md, rules 1 to 4). What a call answers is on disk. Every
/// call is atomic and thread-safe, may block for the disk, and can be repeated. Errors:
/// `unavailable` (busy or gone, try again), `resource_exhausted` (disk full), `data_loss`
/// (damaged), `failed_precondition` (read-only, or stopped after a failed fsync): nothing of the
/// call has taken effect. Only after `deadline_exceeded` (the reply was lost on its way, or the
/// disk failed while it was asked to keep the call) that is not known.
class Ledger : public WorkLedger {
 public:
  /// Accepts tasks, all or none. One answer each, in order. A request whose id is known, or whose
  /// dedup key is held (see DedupScope), is a duplicate and changes nothing; also within the call.
  /// A dependency that is not in the ledger or in the call: `invalid_argument`; one that has
  /// succeeded counts at once; one that is named twice counts once. What check_requests refuses is
  /// `invalid_argument`; a queue more than kQueuesMax (core/queue_limit.h): `out_of_range`. Keys
  /// that are held for ever also keep tasks out after the holder was removed.
  virtual Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) = 0;

  /// What time alone has changed, oldest first, at most `limit`. Changes nothing: the rescuer
  /// applies Expire and Due.
  virtual Result<Overdue> overdue(std::size_t limit) = 0;

  /// Removes tasks that finished before `finished_before` with all that belongs to them, in the
  /// order given. Passed over are unknown ids, live tasks, those that ended later (retried since
  /// the caller looked), and tasks that another one in the ledger waits for: without them it could
  /// never become ready. Keys with DedupScope::forever stay spent. Answers the ids that were
  /// removed.
  virtual Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) = 0;
};

}  // namespace waybill
