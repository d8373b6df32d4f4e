#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/queue_settings.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill {

/// The condition that keeps a task from going on. Names are stable.
enum class WhyReason : std::uint8_t {
  finished,            ///< it has ended
  dependency_pending,  ///< a task that it waits for has not ended yet
  dependency_failed,   ///< one has ended without success
  delayed,             ///< asked for at a later time
  backing_off,         ///< failed, and is tried again later
  snoozed,             ///< asked itself to be run later
  due,                 ///< its time has come, and nobody has made it ready yet
  queue_paused,
  concurrency_limit,   ///< of its queue
  no_worker,           ///< for its queue
  no_worker_for_kind,  ///< for its queue and kind
  workers_busy,
  starting,  ///< nothing is in its way
  running,
  cancelling,          ///< its worker was asked to end it
  lease_overdue,       ///< its worker fell silent, and nobody has taken it back yet
  allowed,             ///< of who asks: a rule lets them start, cancel and retry it
  not_allowed,         ///< of who asks, or of who made it: a rule does not
  permission_unknown,  ///< likewise: it could not be asked
};
std::string_view to_string(WhyReason reason);

struct WhyCondition {
  WhyReason reason = WhyReason::starting;
  std::string sentence;          ///< for a person
  std::string advice;            ///< a command that would help; empty: none
  std::optional<Time> earliest;  ///< when it can change by itself; none: that depends on others
};

struct WhyWorker {
  std::string name;
  std::vector<std::string> queues;  ///< empty: every queue
  std::vector<std::string> kinds;
  std::uint32_t slots = 0;
  std::uint32_t busy = 0;
  Time seen_at{};
};
struct WhyDependency {
  Uuid id;
  State state = State::ready;
  Time run_at{};  ///< of one that is scheduled
};

/// Everything that bears on whether a task can go on.
struct WhyParams {
  Task task;
  QueueSettings queue;
  std::int64_t leased_in_queue = 0;
  std::vector<WhyWorker> workers;
  std::vector<WhyDependency> dependencies;
  std::size_t ahead = 0;  ///< ready tasks of its queue that start before it
  /// The last entry of its history; none: not known. It alone tells a task that asked to be run
  /// later from one that failed: an earlier failure stays with both.
  std::optional<Happening> last_happening;
  Time now{};
  /// A worker that was not seen for this long is taken for dead.
  Duration silence_max = std::chrono::seconds(30);
};

/// What keeps the task from going on: the first condition is the one to be met next; those that
/// would hold it up after that follow. Never empty.
std::vector<WhyCondition> why(const WhyParams& params);

}  // namespace waybill
