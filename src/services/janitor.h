#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/queue_settings.h"
#include "ports/answer_store.h"
#include "ports/audit_log.h"
#include "ports/history_parts.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/log_store.h"
#include "ports/registry.h"
#include "ports/run_store.h"
#include "services/service.h"

namespace waybill {

struct JanitorParams {
  std::size_t batch = 200;  ///< tasks of one step
  Duration every = std::chrono::minutes(1);
  /// Between two steps that removed something, so that work goes before tidying.
  Duration pause = std::chrono::milliseconds(20);
  /// Where history is kept in parts, a task goes by itself only when it is overdue by a thirtieth
  /// of what it was to be kept for, at most by this: until then it may go with its part.
  Duration late_max = std::chrono::hours(24);
  /// After which a part that could not be removed is tried again.
  Duration part_again = std::chrono::seconds(1);
  /// A worker that was not seen for this long is forgotten.
  Duration worker_keep = std::chrono::hours(1);
  /// How often all logs are looked at for those whose task is gone.
  Duration sweep_every = std::chrono::hours(24);
  /// How long the audit log is kept; zero: for ever.
  Duration audit_keep{};
  /// How long first answers under an Idempotency-Key are kept.
  Duration answers_keep = std::chrono::hours(24);
};

/// What the janitor works with; all of it outlives him.
struct JanitorPorts {
  Ledger& ledger;
  LedgerReader& reader;
  Registry& registry;
  LogStore& logs;
  AuditLog* audit = nullptr;       ///< none: it is left alone
  AnswerStore* answers = nullptr;  ///< none: likewise
  RunStore* runs = nullptr;        ///< none: no task is a step of a run
  HistoryParts* parts = nullptr;   ///< none: all tasks go one by one
};

/// Removes what retention no longer keeps: finished tasks with their logs, by queue and outcome, a
/// page in each step, or with the whole part of the history that they are in, and workers that are
/// long gone. A task that others wait for stays, with its
/// logs, until a person has retried it or ended them; so do steps of a run that goes on. The ledger
/// decides first, and only the logs of what it has removed go: a task that a person has just made
/// live again keeps its own. So a crash in between leaves logs of no task; a sweep, when the
/// janitor starts and then once a day, removes those. Any number may run at once.
class Janitor final : public Service {
 public:
  Janitor(const JanitorPorts& ports, const JanitorParams& params = {})
      : ports_(ports), params_(params) {}

  std::string_view name() const override { return "janitor"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  /// Finished tasks of one queue and outcome that are due, and how far they have been looked at.
  struct Heap {
    std::string queue;
    State outcome = State::succeeded;
    Time finished_before{};
    std::string cursor;
  };

  bool is_idle() const { return heaps_.empty() && !sweep_ && !parts_are_next(); }
  bool parts_are_next() const { return !due_.empty() && ports_.ledger.now() >= next_part_; }
  /// How long there is nothing to do.
  Duration rest() const;
  /// Takes a part away, or a piece of what is left of one.
  void remove_parts();
  Status begin_round();
  void add_heaps(const QueueCounts& counts, const QueueSettings& settings, Time now);
  Status forget_workers();
  Status trim_audit();
  Status trim_answers();
  /// True when the heap is done.
  Result<bool> remove_page(Heap& heap);
  /// Whether who made a task is a run that goes on.
  Result<bool> goes_on(const std::string& maker);
  /// Those of the page that no such run needs: its later steps may want their artifacts.
  Result<std::vector<Uuid>> removable(const TaskPage& page);
  void remove_logs(const Uuid& task);
  /// True when the sweep is done.
  Result<bool> sweep_some(LoggedTasks& sweep);

  const JanitorPorts ports_;
  const JanitorParams params_;
  std::vector<Expiry> due_;  // of which parts may still go in this round
  Time next_part_{};
  Time next_round_{};
  std::vector<Heap> heaps_;           // what is left of this round
  std::optional<LoggedTasks> sweep_;  // the tasks of a page of logs that are still to be looked up
  Time next_sweep_{};
};

}  // namespace waybill
