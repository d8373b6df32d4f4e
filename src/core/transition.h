#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/task.h"

namespace waybill {

enum class FailureClass : std::uint8_t { transient, permanent };

/// What can happen to a task. Those with a `fence` come from the holder of a lease.
namespace event {
struct Claim {
  std::string worker;
  Duration lease{};
};
struct Succeed {
  std::uint64_t fence = 0;
  std::string result;  ///< JSON object or empty
};
struct Fail {
  std::uint64_t fence = 0;
  FailureClass failure_class = FailureClass::transient;
  std::string error;
  std::string proof{};     ///< JSON object: how it was ended, if it had to be; may be empty
  Duration retry_after{};  ///< never tried again earlier than this; zero: the policy alone decides
};
/// Not now: neither success nor failure; no failure is counted.
struct Snooze {
  std::uint64_t fence = 0;
  Time until{};
  std::string reason{};  ///< for people; empty: the run asked for it
};
/// The holder stops without having finished (SIGTERM): ready again at once, nothing counted.
struct GiveBack {
  std::uint64_t fence = 0;
  std::string reason;
};
/// The holder ended it because of a cancel request; `proof` is a JSON object.
struct ConfirmCancel {
  std::uint64_t fence = 0;
  std::string proof;
};
/// The lease ran out (`lease_until` <= now).
struct Expire {};
/// `run_at` has come.
struct Due {};
/// One of the tasks it waits for succeeded. The ledger applies it once for each.
struct DependencySucceeded {};
/// A person or a parent wants it to end.
struct Cancel {
  std::string by;
  std::string reason;
};
/// A person wants a failed or cancelled task tried again: counters start anew.
struct Retry {
  std::string by;
};
/// A person wants an unfinished task to have another priority, or to be run at another time; a time
/// that has come means at once. One that is leased keeps its lease: its priority counts when it is
/// tried again, and when it runs is not to be changed any more.
struct Amend {
  std::string by;
  std::optional<int> priority;
  std::optional<Time> run_at;
};
}  // namespace event

using Event = std::variant<event::Claim, event::Succeed, event::Fail, event::Snooze,
                           event::GiveBack, event::ConfirmCancel, event::Expire, event::Due,
                           event::DependencySucceeded, event::Cancel, event::Retry, event::Amend>;

/// What a history entry says happened. Stored by number: never reorder.
enum class Happening : std::uint8_t {
  created = 0,
  claimed = 1,
  succeeded = 2,
  failed = 3,           ///< for good: permanent, failures used up, or poison
  retry_scheduled = 4,  ///< a transient failure with attempts left
  snoozed = 5,
  given_back = 6,
  lease_expired = 7,
  due = 8,
  dependency_succeeded = 9,
  cancel_requested = 10,
  cancelled = 11,
  retried = 12,  ///< by a person
  amended = 13,  ///< likewise: another priority or time; the reason says which
};
std::string_view to_string(Happening happening);

/// One line of a task's history.
struct HistoryEntry {
  Time at{};
  Happening happening = Happening::created;
  State state = State::ready;  ///< after it
  std::uint64_t fence = 0;     ///< after it
  std::uint32_t attempt = 0;
  std::string worker;  ///< of `claimed` only, see holder_of in core/history.h
  std::string reason;  ///< error, who asked and why; may be empty

  bool operator==(const HistoryEntry&) const = default;
};

/// What a ledger makes durable, by compare-and-set: it takes effect only if the stored task still
/// has `from` (and `from_lease_until`, where set), else the answer is `aborted` and nothing
/// changes.
struct Change {
  Uuid id;
  std::int64_t handle = 0;  ///< Task::handle
  struct From {
    State state = State::ready;
    std::uint64_t fence = 0;
    std::uint32_t revision = 0;
  } from;
  std::optional<Time> from_lease_until;  ///< set by Expire, so that a heartbeat in between wins
  std::optional<int> priority;           ///< the request's from now on; none: it stays
  TaskStatus after;
  HistoryEntry entry;
  /// To be inserted with it, all or none; see core/notify.h. An id that is there already stays as
  /// it is.
  std::vector<TaskRequest> notifications{};
};

/// Now, by the ledger's clock, and a chance in [0, 1) for jitter.
struct Moment {
  Time now{};
  double chance = 0;
};

/// The one rule for every change of state (ARCHITECTURE.md, "Life of a task"). Pure.
///
/// `aborted`: the fence is not the task's, or its state is not one in which this can happen any
/// more; somebody else has already recorded something: stop, don't fail. `failed_precondition`: a
/// person asks for what this state does not allow (cancel of a finished task, retry of a live one).
/// `invalid_argument`: an amendment that says nothing, or a priority out of range.
/// A leased task with a cancel request that fails transiently, snoozes, is given back or expires
/// becomes cancelled instead of being run again; if it succeeds it has succeeded.
Result<Change> transition(const Task& task, const Event& event, const Moment& moment);

/// The status and the first history entry of a task that is accepted now: blocked if `waiting_for`
/// is not zero, else scheduled if `run_at` is in the future, else ready.
struct Acceptance {
  TaskStatus status;
  HistoryEntry entry;
};
Acceptance accept(const TaskRequest& request, std::uint32_t waiting_for, Time now);

}  // namespace waybill
