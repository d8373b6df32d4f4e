#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/task.h"
#include "core/transition.h"
#include "testing/audit.h"
#include "testing/audited_run.h"

namespace waybill {

/// What the outside knows of one task from its requests and events alone. Its rules are written
/// down here a second time, apart from core/transition.cc, so that a mistake there is seen.
class AuditedTask {
 public:
  explicit AuditedTask(const TaskRequest& request) : request_(request) {}

  /// One entry of the task's history, in ledger order. What is wrong with it, if anything.
  std::optional<Violation> follow(const HistoryEntry& entry);
  /// A heartbeat that the ledger accepted.
  void extended_until(Time lease_until) { lease_until_ = lease_until; }
  /// A run began under this fence. One of an older lease is passed over, here and below: whatever
  /// comes of it is discarded.
  void run_begins(std::uint64_t fence);
  void run_says(const Report& report);
  void run_ends(std::uint64_t fence, const Outcome& outcome, Time at);
  /// The ledger took this report.
  void reported(const Report& report) { add_report(reported_, report); }
  /// It waits for this task, which has not succeeded yet.
  void waits_for(const Uuid& dependency) { waiting_for_.insert(dependency); }
  /// Owes the task one step to unblock it; false if it never waited for that, or not any more.
  bool dependency_succeeded(const Uuid& dependency);
  bool is_owed_a_step() const { return steps_owed_ > 0; }
  /// The ledger took an amendment that makes this of the task.
  struct Amendment {
    std::optional<int> priority;
    Time run_at{};
  };
  void will_be_amended(const Amendment& amendment) { amendment_ = amendment; }
  void removed() { removed_ = true; }

  const TaskRequest& request() const { return request_; }
  State state() const { return state_; }
  std::uint64_t fence() const { return fence_; }
  bool is_ready() const { return state_ == State::ready && !removed_; }
  /// Whether it has to start before another ready task: whenever in the time in which each may have
  /// become ready it did, this one comes first.
  bool goes_before(const AuditedTask& other) const;
  bool is_leased() const { return state_ == State::leased && !removed_; }
  bool is_live() const { return !is_finished(state_) && !removed_; }
  bool is_removed() const { return removed_; }
  /// When it came to the end that it is at.
  Time ended_at() const { return ended_at_; }
  bool cancel_requested() const { return cancel_requested_; }
  const std::set<Uuid>& waiting_for() const { return waiting_for_; }
  /// By all that the ledger took.
  const LedgerReader::Reported& reported() const { return reported_; }
  /// Of the run by which it succeeded.
  const std::string& result() const { return run_.result(); }

 private:
  std::optional<Violation> check_step(const HistoryEntry& entry) const;
  std::optional<Violation> check_fence(const HistoryEntry& entry) const;
  std::optional<Violation> check_time(const HistoryEntry& entry) const;
  std::optional<Violation> check_run(const HistoryEntry& entry) const;
  std::optional<Violation> check_attempts(const HistoryEntry& entry) const;
  bool is_used_up(const HistoryEntry& failure) const;
  bool is_all_recorded() const;
  std::optional<Violation> check_cancel(const HistoryEntry& entry) const;
  std::optional<Violation> check_waiting(const HistoryEntry& entry) const;
  std::optional<Violation> check_amendment(const HistoryEntry& entry) const;
  void take_amendment(State before);
  /// When what its run asked for is over, as far as this entry goes back to that run.
  Time wished_for(const HistoryEntry& entry) const;
  void take(const HistoryEntry& entry);
  void take_place(const HistoryEntry& entry, State before);
  Violation violation(Invariant invariant, const HistoryEntry& entry, std::string_view why) const;

  TaskRequest request_;
  bool created_ = false;
  bool removed_ = false;
  State state_ = State::ready;
  std::uint64_t fence_ = 0;
  std::uint32_t attempt_ = 0;
  Time ended_at_{};
  std::string holder_;
  Time lease_until_{};
  Time not_before_{};  // when a scheduled task may fall due at the earliest
  // It has waited since some moment between these: a delay with jitter is known only so far.
  Time ready_first_{};
  Time ready_last_{};
  std::uint32_t retries_ = 0;  // since it was created or retried by a person
  std::uint32_t deaths_ = 0;   // likewise
  AuditedRun run_;
  LedgerReader::Reported reported_;
  bool cancel_requested_ = false;
  std::optional<Amendment> amendment_;  // taken, and not seen in an event yet
  std::set<Uuid> waiting_for_;
  int steps_owed_ = 0;
};

}  // namespace waybill
