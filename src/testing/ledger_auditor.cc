#include "testing/ledger_auditor.h"

#include <algorithm>
#include <utility>

#include "core/name_filter.h"

namespace waybill {

std::string LedgerAuditor::name_of(const Uuid& id) { return "task " + to_string(id); }

void LedgerAuditor::report(Invariant invariant, std::string what) {
  if (violation_) return;
  violation_ = Violation{invariant, std::move(what)};
  if (tell_violation_) tell_violation_();
}

Time LedgerAuditor::now() const {
  const Time now = ledger_.now();
  latest_now_ = std::max(latest_now_, now);
  return now;
}

std::vector<LedgerEvent> LedgerAuditor::news() {
  auto events = reader_.events(seen_, SIZE_MAX);
  if (!events) {
    report(Invariant::one_state, "the events cannot be read: " + events.error().message);
    return {};
  }
  if (!events->empty()) seen_ = events->back().sequence;
  return std::move(*events);
}

void LedgerAuditor::nothing_happened(std::string_view call) {
  for (const LedgerEvent& event : news()) {
    report(Invariant::one_state, name_of(event.id) + ", " +
                                     std::string(to_string(event.entry.happening)) + ": " +
                                     std::string(call) + " took effect");
  }
}

void LedgerAuditor::follow(const LedgerEvent& event, const std::string& of_call) {
  if (event.entry.happening == Happening::created) follow_created(event);
  const auto found = tasks_.find(event.id);
  if (found == tasks_.end()) {
    return report(Invariant::one_state, name_of(event.id) + ", " +
                                            std::string(to_string(event.entry.happening)) + " in " +
                                            of_call + ", was never asked for");
  }
  AuditedTask& task = found->second;
  const bool was_leased = task.is_leased();
  if (auto violation = task.follow(event.entry)) {
    return report(violation->invariant, of_call + ": " + violation->what);
  }
  std::uint32_t& leased = leased_[task.request().queue];
  leased += task.is_leased() ? 1 : 0;
  leased -= was_leased ? 1 : 0;
  if (task.is_live()) live_.insert(event.id);
  if (!task.is_live()) live_.erase(event.id);
  std::set<Uuid>& ready = ready_[task.request().queue];
  if (task.is_ready()) ready.insert(event.id);
  if (!task.is_ready()) ready.erase(event.id);
  follow_keys(task, event);
  if (event.entry.happening == Happening::claimed) check_limits(task);
  if (event.entry.happening == Happening::succeeded) follow_success(event.id);
  if (!task.is_owed_a_step()) owed_.erase(event.id);
}

void LedgerAuditor::follow_created(const LedgerEvent& event) {
  const auto asked = asked_.find(event.id);
  if (asked == asked_.end()) return;  // follow() says so
  const TaskRequest& request = *asked->second;
  const auto known = tasks_.find(event.id);
  if (known != tasks_.end()) {
    if (!known->second.is_removed()) return;  // follow() says that it is created twice
    tasks_.erase(known);
    // Its fences begin anew.
    runs_.erase(runs_.lower_bound({event.id, 0}), runs_.upper_bound({event.id, UINT64_MAX}));
    holders_.erase(holders_.lower_bound({event.id, 0}),
                   holders_.upper_bound({event.id, UINT64_MAX}));
  }
  AuditedTask task(request);
  for (const Uuid& id : request.waits_for) {
    const auto dependency = tasks_.find(id);
    const bool succeeded = dependency != tasks_.end() && !dependency->second.is_removed() &&
                           dependency->second.state() == State::succeeded;
    if (succeeded) continue;
    task.waits_for(id);
    waiters_[id].push_back(event.id);
  }
  tasks_.emplace(event.id, std::move(task));
  accepted_.push_back(event.id);
  if (tell_accepted_) tell_accepted_(request);
}

void LedgerAuditor::follow_success(const Uuid& id) {
  const auto waiters = waiters_.find(id);
  if (waiters == waiters_.end()) return;
  for (const Uuid& waiter : waiters->second) {
    const auto task = tasks_.find(waiter);
    if (task == tasks_.end() || task->second.is_removed()) continue;
    if (task->second.dependency_succeeded(id)) owed_.insert(waiter);
  }
  waiters_.erase(waiters);
}

void LedgerAuditor::follow_keys(const AuditedTask& task, const LedgerEvent& event) {
  const TaskRequest& request = task.request();
  if (request.dedup_key.empty()) return;
  const bool is_new = event.entry.happening == Happening::created;
  Key& key = keys_[request.dedup_key];
  if (!task.is_live()) {
    if (key.live_holder == request.id) key.live_holder = {};
    return;
  }
  if (key.live_holder == request.id && !is_new) return;
  const bool spent = !key.spent_by.is_nil() && (is_new || key.spent_by != request.id);
  if (!key.live_holder.is_nil() || spent) {
    const Uuid& rival = key.live_holder.is_nil() ? key.spent_by : key.live_holder;
    return report(Invariant::keys_apart, name_of(request.id) + " is live with key '" +
                                             request.dedup_key + "', which " + to_string(rival) +
                                             " has");
  }
  key.live_holder = request.id;
  if (request.dedup_scope == DedupScope::forever) key.spent_by = request.id;
}

void LedgerAuditor::check_limits(const AuditedTask& task) {
  const auto settings = queues_.find(task.request().queue);
  if (settings == queues_.end()) return;
  const auto& [queue, is] = *settings;
  if (is.paused) {
    report(Invariant::limits,
           name_of(task.request().id) + " was claimed from paused queue " + queue);
  }
  if (is.concurrency_max != 0 && leased_[queue] > is.concurrency_max) {
    report(Invariant::limits, "queue " + queue + " has " + std::to_string(leased_[queue]) +
                                  " leases, its limit is " + std::to_string(is.concurrency_max));
  }
}

void LedgerAuditor::check_order(const AuditedTask& task, const ClaimParams& params) {
  const std::vector<Uuid>& only = params.only_ids;
  for (const Uuid& id : ready_[task.request().queue]) {
    const AuditedTask& other = tasks_.at(id);
    if (!other.goes_before(task) || !accepts(params.kinds, other.request().kind)) continue;
    if (!only.empty() && std::ranges::find(only, id) == only.end()) continue;
    report(Invariant::order, name_of(task.request().id) + " of priority " +
                                 std::to_string(task.request().priority) + " was claimed before " +
                                 to_string(id) + " of priority " +
                                 std::to_string(other.request().priority) + ", which goes first");
  }
}

void LedgerAuditor::check_all_unblocked() {
  for (const Uuid& id : std::exchange(owed_, {})) {
    report(Invariant::unblocks_once, name_of(id) + " was not told of a success it waits for");
  }
}

Result<std::vector<Inserted>> LedgerAuditor::insert(std::span<const TaskRequest> requests) {
  auto answers = ledger_.insert(requests);
  if (!answers) {
    nothing_happened("insert failed but");
    return answers;
  }
  asked_.clear();
  for (const TaskRequest& request : requests) asked_.try_emplace(request.id, &request);
  std::unordered_set<Uuid> created;
  for (const LedgerEvent& event : news()) {
    created.insert(event.id);
    follow(event, "insert");
    if (const auto stored = reader_.get(event.id)) check_request(*stored, "after insert");
  }
  asked_.clear();
  check_insert(requests, *answers, created);
  return answers;
}

void LedgerAuditor::check_insert(std::span<const TaskRequest> requests,
                                 const std::vector<Inserted>& answers,
                                 const std::unordered_set<Uuid>& created) {
  if (answers.size() != requests.size()) {
    return report(Invariant::one_state, std::to_string(answers.size()) + " answers were given to " +
                                            std::to_string(requests.size()) + " requests");
  }
  std::size_t inserted = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const TaskRequest& request = requests[i];
    if (answers[i].outcome == InsertOutcome::inserted) {
      ++inserted;
      if (answers[i].id == request.id && created.contains(request.id)) continue;
      report(Invariant::one_state, name_of(request.id) + " was accepted, but is not there");
    } else if (const Uuid rival = kept_out_by(request); rival != answers[i].id) {
      report(Invariant::one_state, name_of(request.id) + " was called a duplicate of " +
                                       to_string(answers[i].id) + ", but is kept out by " +
                                       (rival.is_nil() ? "nothing" : to_string(rival)));
    }
  }
  if (inserted != created.size()) {
    report(Invariant::one_state, std::to_string(inserted) + " were accepted, but " +
                                     std::to_string(created.size()) + " were created");
  }
}

Uuid LedgerAuditor::kept_out_by(const TaskRequest& request) const {
  const auto own = tasks_.find(request.id);
  if (own != tasks_.end() && !own->second.is_removed()) return request.id;
  const auto key = keys_.find(request.dedup_key);
  if (key == keys_.end()) return {};
  return key->second.live_holder.is_nil() ? key->second.spent_by : key->second.live_holder;
}

Result<std::vector<Task>> LedgerAuditor::claim(const ClaimParams& params) {
  auto claimed = ledger_.claim(params);
  if (!claimed) {
    nothing_happened("claim failed but");
    return claimed;
  }
  std::set<std::pair<Uuid, std::uint64_t>> given;
  for (const LedgerEvent& event : news()) {
    follow(event, "claim");
    const auto task = tasks_.find(event.id);
    if (task != tasks_.end()) check_order(task->second, params);
    given.insert({event.id, event.entry.fence});
  }
  for (const Task& task : *claimed) {
    holders_[{task.id(), task.status.fence}] = params.worker;
    if (given.erase({task.id(), task.status.fence}) == 0) {
      report(Invariant::leases_apart, name_of(task.id()) + " with fence " +
                                          std::to_string(task.status.fence) + " was given to " +
                                          params.worker + " without a lease of its own");
    }
    check_request(task, "as it is given to " + params.worker);
    const auto known = tasks_.find(task.id());
    if (known != tasks_.end()) known->second.extended_until(task.status.lease_until);
  }
  for (const auto& [id, fence] : given) {
    report(Invariant::leases_apart, name_of(id) + " was leased with fence " +
                                        std::to_string(fence) + ", but not given to " +
                                        params.worker);
  }
  return claimed;
}

Result<std::vector<Status>> LedgerAuditor::apply(std::span<const Change> changes) {
  auto answers = ledger_.apply(changes);
  if (!answers) {
    nothing_happened("apply failed but");
    return answers;
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto task = tasks_.find(changes[i].id);
    if (!(*answers)[i] || task == tasks_.end()) continue;
    if (changes[i].from.fence != task->second.fence()) {
      report(Invariant::fences_grow, name_of(changes[i].id) + " took a change of fence " +
                                         std::to_string(changes[i].from.fence) + ", its own is " +
                                         std::to_string(task->second.fence()));
    }
    if (changes[i].entry.happening != Happening::amended) continue;
    task->second.will_be_amended({changes[i].priority, changes[i].after.run_at});
  }
  std::vector<LedgerEvent> events = news();
  for (const LedgerEvent& event : events) {
    follow(event, "apply");
    if (event.entry.happening == Happening::amended) check_amended(event.id, changes);
    if (event.entry.happening != Happening::succeeded || violation_) continue;
    const auto stored = reader_.get(event.id);
    if (stored) check_result(tasks_.at(event.id), *stored);
  }
  check_all_unblocked();
  check_taken(changes, *answers, events);
  return answers;
}

/// Each change that was taken has left its entry, in order, and nothing else has but the steps of
/// those that wait for a success.
void LedgerAuditor::check_taken(std::span<const Change> changes, const std::vector<Status>& answers,
                                const std::vector<LedgerEvent>& events) {
  auto next = events.begin();
  const auto pass_over = [&](const Change* until) {
    for (; next != events.end(); ++next) {
      if (until != nullptr && next->id == until->id && next->entry == until->entry) return;
      if (next->entry.happening == Happening::dependency_succeeded) continue;
      report(Invariant::one_state, name_of(next->id) + ": '" +
                                       std::string(to_string(next->entry.happening)) +
                                       "' is in the ledger, but was not acknowledged");
    }
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!answers[i]) continue;
    const Change& change = changes[i];
    const auto found = std::find_if(next, events.end(), [&](const LedgerEvent& event) {
      return event.id == change.id && event.entry == change.entry;
    });
    if (found != events.end()) {
      pass_over(&change);
      ++next;
      continue;
    }
    const bool is_cancel = change.entry.happening == Happening::cancel_requested ||
                           change.entry.happening == Happening::cancelled;
    return report(is_cancel ? Invariant::cancel : Invariant::one_state,
                  name_of(change.id) + ": '" + std::string(to_string(change.entry.happening)) +
                      "' was acknowledged, but is not in the ledger");
  }
  pass_over(nullptr);
}

Result<std::vector<ExtendOutcome>> LedgerAuditor::extend(std::span<const Extension> extensions) {
  auto answers = ledger_.extend(extensions);
  nothing_happened("extend");
  if (!answers) return answers;
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    const auto found = tasks_.find(extensions[i].id);
    if (found == tasks_.end()) continue;
    AuditedTask& task = found->second;
    const bool held = task.is_leased() && task.fence() == extensions[i].fence;
    const bool kept = (*answers)[i] != ExtendOutcome::lost;
    if (kept && !held) {
      report(Invariant::fences_grow, name_of(task.request().id) + ": fence " +
                                         std::to_string(extensions[i].fence) +
                                         " was extended, but does not hold it");
    } else if (!kept && held) {
      report(Invariant::leases_apart, name_of(task.request().id) + ": its lease was called lost");
    } else if (kept &&
               task.cancel_requested() != ((*answers)[i] == ExtendOutcome::cancel_requested)) {
      report(Invariant::cancel,
             name_of(task.request().id) + ": a heartbeat did not say of the cancel");
    }
    if (kept) task.extended_until(ledger_.now() + extensions[i].lease);
  }
  return answers;
}

Result<std::vector<Status>> LedgerAuditor::record(std::span<const Report> reports) {
  auto answers = ledger_.record(reports);
  nothing_happened("record");
  if (!answers) return answers;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const auto task = tasks_.find(reports[i].id);
    if (!(*answers)[i] || task == tasks_.end()) continue;
    if (task->second.fence() != reports[i].fence || !task->second.is_leased()) {
      report(Invariant::fences_grow, name_of(reports[i].id) + " took a report of fence " +
                                         std::to_string(reports[i].fence) +
                                         ", which does not hold it");
    }
    task->second.reported(reports[i]);
    check_reported(task->second);
  }
  return answers;
}

void LedgerAuditor::run_begins(const Task& task, const std::string& worker,
                               const std::string& checkpoint) {
  const auto holder = holders_.find({task.id(), task.status.fence});
  if (holder == holders_.end() || holder->second != worker) {
    report(Invariant::leases_apart, worker + " runs " + name_of(task.id()) + " with fence " +
                                        std::to_string(task.status.fence) +
                                        ", which it was not given");
  } else if (!runs_.insert({task.id(), task.status.fence}).second) {
    report(Invariant::leases_apart, worker + " runs " + name_of(task.id()) + " twice under fence " +
                                        std::to_string(task.status.fence));
  } else if (const auto known = tasks_.find(task.id()); known != tasks_.end()) {
    // One whose lease is lost may be as old as it likes.
    const bool is_held = known->second.is_leased() && known->second.fence() == task.status.fence;
    if (is_held && checkpoint != known->second.reported().checkpoint) {
      report(Invariant::kept, worker + " runs " + name_of(task.id()) + " from checkpoint '" +
                                  checkpoint + "', its last one was '" +
                                  known->second.reported().checkpoint + "'");
    }
    known->second.run_begins(task.status.fence);
  }
}

void LedgerAuditor::run_says(const Report& report) {
  const auto known = tasks_.find(report.id);
  if (known != tasks_.end()) known->second.run_says(report);
}

void LedgerAuditor::run_ends(const Task& task, const Outcome& outcome) {
  const auto known = tasks_.find(task.id());
  if (known == tasks_.end()) return;
  known->second.run_ends(task.status.fence, outcome, ledger_.now());
}

}  // namespace waybill
