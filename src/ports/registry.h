#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/queue_settings.h"
#include "core/schedule.h"

namespace waybill {

/// A worker process as it last said of itself.
struct WorkerInfo {
  std::string name;  ///< unique: host, process id and a random part
  std::string host;
  std::int64_t process_id = 0;
  std::string version{};            ///< of its program; empty: it does not say
  std::vector<std::string> queues;  ///< empty: every queue, also those that appear later
  std::vector<std::string> kinds;
  std::uint32_t slots = 0;
  std::uint32_t busy = 0;
  Time started_at{};
  Time seen_at{};  ///< set by the registry
};

/// Which fields of a queue's settings a call changes: neither part undoes the other, whoever else
/// is at it.
enum class QueueFields : std::uint8_t { all_but_paused, paused };

/// Who works. Thread-safe; durable when a call returns. Errors as for Ledger.
class WorkerRoll {
 public:
  virtual ~WorkerRoll() = default;

  /// Says that a worker is there; `seen_at` becomes now.
  virtual Status put_worker(const WorkerInfo& worker) = 0;
  /// Fine if it is not there.
  virtual Status remove_worker(const std::string& name) = 0;
};

/// What is configured and who is there: queues, schedules, workers. Kept beside the ledger, by the
/// same adapter. Thread-safe; durable when a call returns. Errors as for Ledger.
class Registry : public WorkerRoll {
 public:
  /// Creates or replaces all of its settings but `paused`; a new queue is not paused.
  Status put_queue(const QueueSettings& settings) {
    return write_queue(settings, QueueFields::all_but_paused);
  }
  /// Creates the queue, with the defaults, if it is not there.
  Status set_queue_paused(const std::string& name, bool paused) {
    return write_queue({.name = name, .paused = paused}, QueueFields::paused);
  }
  /// Writes those fields; where the queue is new, the defaults for the others.
  virtual Status write_queue(const QueueSettings& settings, QueueFields fields) = 0;
  /// Those that were ever configured, by name.
  virtual Result<std::vector<QueueSettings>> queues() = 0;

  /// Creates or replaces all but `pause`; `handled_until` never goes back. A new one has no
  /// `pause`.
  virtual Status put_schedule(const Schedule& schedule) = 0;
  /// Says that its nominal times up to and including `handled_until` are settled; never goes back,
  /// and touches nothing else, so that an edit or a removal in between stands. `not_found` if there
  /// is none of that name.
  virtual Status settle_schedule(const std::string& name, Time handled_until) = 0;
  /// Writes its `pause`, or takes it away where that is not set; `now` is then when it goes on:
  /// nominal times until then are settled. `not_found` if there is none of that name.
  virtual Status pause_schedule(const std::string& name, const SchedulePause& pause, Time now) = 0;
  /// `not_found` if there is none of that name.
  virtual Status remove_schedule(const std::string& name) = 0;
  virtual Result<std::vector<Schedule>> schedules() = 0;

  virtual Result<std::vector<WorkerInfo>> workers() = 0;
};

}  // namespace waybill
