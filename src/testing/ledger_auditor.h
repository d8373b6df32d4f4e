#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/queue_settings.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "testing/audit.h"
#include "testing/audited_task.h"

namespace waybill {

/// Stands between a ledger and all who write to it, in one thread, and holds both to their promises
/// (I1 to I4, I7 and those beside them): each call is compared with what the ledger's events say
/// came of it. Keeps the first violation. Ledger and reader are the same store, empty at the
/// beginning, and outlive it.
class LedgerAuditor final : public Ledger {
 public:
  LedgerAuditor(Ledger& ledger, LedgerReader& reader) : ledger_(ledger), reader_(reader) {}

  Time now() const override;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override;
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;
  Result<Overdue> overdue(std::size_t limit) override { return ledger_.overdue(limit); }
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override;

  /// A worker begins to run a task that it says it has leased, from this checkpoint.
  void run_begins(const Task& task, const std::string& worker, const std::string& checkpoint);
  /// A run says this of itself.
  void run_says(const Report& report);
  /// A run has ended like this.
  void run_ends(const Task& task, const Outcome& outcome);
  /// Told of each task in the call that accepts it.
  void tell_of_accepted(std::function<void(const TaskRequest&)> tell) {
    tell_accepted_ = std::move(tell);
  }
  /// Told at once of the first violation.
  void tell_of_violation(std::function<void()> tell) { tell_violation_ = std::move(tell); }
  /// These settings hold from now on.
  void queue_is(const QueueSettings& settings) { queues_[settings.name] = settings; }
  /// Compares every task and count with what the events said.
  void check_at_rest();

  const std::optional<Violation>& violation() const { return violation_; }
  /// Of another checker; the first one stays.
  void report(Invariant invariant, std::string what);

  using Tasks = std::unordered_map<Uuid, AuditedTask>;
  const Tasks& tasks() const { return tasks_; }
  /// In the order in which they were accepted.
  const std::vector<Uuid>& accepted() const { return accepted_; }
  std::size_t live() const { return live_.size(); }
  const std::set<Uuid>& live_ids() const { return live_; }

 private:
  struct Key {
    Uuid live_holder;
    Uuid spent_by;  // the task that has it for ever
  };

  static std::string name_of(const Uuid& id);
  std::vector<LedgerEvent> news();
  void nothing_happened(std::string_view call);
  void follow(const LedgerEvent& event, const std::string& of_call);
  void follow_created(const LedgerEvent& event);
  void follow_success(const Uuid& id);
  void follow_keys(const AuditedTask& task, const LedgerEvent& event);
  void check_limits(const AuditedTask& task);
  /// Nothing that this claim could have had instead goes before this task, which it had.
  void check_order(const AuditedTask& task, const ClaimParams& params);
  void check_insert(std::span<const TaskRequest> requests, const std::vector<Inserted>& answers,
                    const std::unordered_set<Uuid>& created);
  /// The task of its id, or the holder of its key; nil: it is not a duplicate.
  Uuid kept_out_by(const TaskRequest& request) const;
  void check_taken(std::span<const Change> changes, const std::vector<Status>& answers,
                   const std::vector<LedgerEvent>& events);
  void check_all_unblocked();
  void check_retention(const AuditedTask& task);
  void check_unsaid(std::span<const Uuid> ids);
  /// The task as somebody sees it, here, is the one that was asked for.
  void check_request(const Task& task, const std::string& here);
  /// The task is stored as the change of it says.
  void check_amended(const Uuid& id, std::span<const Change> changes);
  void check_result(const AuditedTask& known, const Task& task);
  void check_reported(const AuditedTask& task);

  Ledger& ledger_;
  LedgerReader& reader_;
  std::optional<Violation> violation_;
  mutable Time latest_now_{};  // that anybody was told
  std::uint64_t seen_ = 0;
  Tasks tasks_;
  std::vector<Uuid> accepted_;
  std::set<Uuid> live_;
  std::map<std::string, std::set<Uuid>> ready_;         // by queue
  std::unordered_map<Uuid, const TaskRequest*> asked_;  // in the insert call under way
  std::unordered_map<Uuid, std::vector<Uuid>> waiters_;
  std::set<Uuid> owed_;  // tasks that a success of this call has to unblock by one step
  std::unordered_map<std::string, Key> keys_;
  std::map<std::string, std::uint32_t> leased_;
  std::map<std::string, QueueSettings> queues_;
  std::map<std::pair<Uuid, std::uint64_t>, std::string> holders_;  // of each lease ever given
  std::set<std::pair<Uuid, std::uint64_t>> runs_;
  std::function<void(const TaskRequest&)> tell_accepted_;  // may be empty
  std::function<void()> tell_violation_;                   // likewise
};

}  // namespace waybill
