#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "core/retry.h"

namespace waybill {

/// Where a task stands. Stored by number: never reorder.
enum class State : std::uint8_t {
  blocked = 0,    ///< waits for other tasks
  scheduled = 1,  ///< waits for `run_at`
  ready = 2,      ///< may be claimed
  leased = 3,     ///< a worker has it until `lease_until`
  succeeded = 4,
  failed = 5,
  cancelled = 6,
};
inline constexpr int kStateCount = 7;

std::string_view to_string(State state);
std::optional<State> parse_state(std::string_view text);

/// Succeeded, failed or cancelled: final but for a person's retry.
constexpr bool is_finished(State state) { return state >= State::succeeded; }

/// How long a dedup key keeps a second task out: while the first is live, or for ever (scans and
/// schedules).
enum class DedupScope : std::uint8_t { live = 0, forever = 1 };

using Labels = std::vector<std::pair<std::string, std::string>>;

inline constexpr int kPriorityMin = -100;
inline constexpr int kPriorityMax = 100;
inline constexpr std::size_t kParamsBytesMax = 1 << 20;
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kLabelsMax = 100;
inline constexpr std::size_t kLabelBytesMax = 1000;  // of a value
/// Of all rules of one task that say who is told of its end.
inline constexpr std::size_t kNotifyBytesMax = std::size_t{256} << 10;

/// A task as it is asked for; nothing of it changes after it was accepted but its priority, which
/// an amendment does. When it is run from then on TaskStatus::run_at says.
struct TaskRequest {
  Uuid id;  ///< the caller's, so that asking again is safe
  std::string queue = "default";
  std::string kind;           ///< names the TaskKind that runs it, e.g. "command"
  std::string definition;     ///< the task definition it was made from; may be empty
  std::string spec = "{}";    ///< JSON object: what the kind is to do (argv, limits, …)
  std::string params = "{}";  ///< JSON object: what this one task is about
  int priority = 0;           ///< kPriorityMin..kPriorityMax, higher first, see core/priority.h
  Time run_at{};              ///< not before; zero: at once
  Duration run_time_max{};    ///< of one attempt; zero: no limit
  RetryPolicy retry{};
  std::string dedup_key;  ///< empty: none
  DedupScope dedup_scope = DedupScope::live;
  std::vector<Uuid> waits_for;  ///< tasks that must have succeeded first
  Labels labels;
  std::string created_by;  ///< e.g. "scan:drop", "schedule:nightly", "cli:ann"
  std::string notify;      ///< JSON: who is told when it ends, see core/notify.h; empty: nobody

  bool operator==(const TaskRequest&) const = default;
};

/// That somebody asked for a leased task to end. `requested_at` zero: nobody did.
struct CancelRequest {
  Time requested_at{};
  std::string by;
  std::string reason;

  bool operator==(const CancelRequest&) const = default;
  bool requested() const { return requested_at != Time{}; }
};

/// Everything about a task that changes. Times of zero mean "not set".
struct TaskStatus {
  State state = State::ready;
  std::uint32_t revision = 0;       ///< grows by one with every Change; guards compare-and-set
  std::uint64_t fence = 0;          ///< grows by one with every lease
  std::uint32_t attempt = 0;        ///< number of the latest lease's attempt, from 1
  std::uint32_t failures = 0;       ///< transient failures since creation or a person's retry
  std::uint32_t worker_deaths = 0;  ///< leases that ran out, likewise
  std::uint32_t waiting_for = 0;    ///< tasks in `waits_for` that have not succeeded yet
  Time run_at{};                    ///< scheduled: when it falls due; ready: since when it waits
  Time lease_until{};               ///< leased only
  std::string worker;               ///< the latest lease's holder
  Time started_at{};                ///< the latest lease's beginning
  Time finished_at{};               ///< set if and only if the state is final
  CancelRequest cancel;
  std::string error;  ///< the latest failure, for a person; empty after success
  /// JSON object: outputs of the latest attempt, or the proof of its cancel or time-out; may be
  /// empty.
  std::string result;

  bool operator==(const TaskStatus&) const = default;
};

struct Task {
  TaskRequest request;
  Time created_at{};
  TaskStatus status;
  std::int64_t handle =
      0;  ///< the ledger's own shortcut to the row; 0: none. Never shown or stored

  const Uuid& id() const { return request.id; }
};

/// The length of its texts without a limit of a few hundred bytes: what it takes in memory, about.
std::size_t text_bytes(const Task& task);

/// Names of queues, kinds, schedules: 1 to kNameBytesMax of [a-z0-9._-].
bool is_name(std::string_view text);
/// The rule of is_name for an error message, to follow the name of the field.
inline constexpr std::string_view kNameRule =
    "must be 1 to 200 characters of a-z, 0-9, '.', '_' and '-'";

/// Refuses what no ledger may take: nil id, empty or over-long names (queue and kind are of
/// [a-z0-9._-], at most kNameBytesMax), a priority or retry policy out of range, params that are
/// too big, a task that waits for itself. Does not parse the JSON. `invalid_argument` names the
/// field.
Status check_request(const TaskRequest& request);

/// Refuses what no ledger may take in one call: what check_request refuses, and tasks that wait for
/// each other in a circle, which could never begin. `invalid_argument` names the task.
Status check_requests(std::span<const TaskRequest> requests);

}  // namespace waybill
