#include "testing/fake_ledger.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "core/name_filter.h"
#include "core/queue_limit.h"

namespace waybill {
namespace {

std::string unknown(const Uuid& id) {
  return "no task " + to_string(id) + " in the ledger; retention may have removed it";
}

Status still_applies(const Task& task, const Change& change) {
  const TaskStatus& status = task.status;
  const bool same = status.state == change.from.state && status.fence == change.from.fence &&
                    status.revision == change.from.revision &&
                    change.from_lease_until.value_or(status.lease_until) == status.lease_until;
  if (same) return {};
  return fail(Code::aborted, "task " + to_string(change.id) + " has changed since it was read");
}

}  // namespace

Result<std::vector<Inserted>> FakeLedger::insert(std::span<const TaskRequest> requests) {
  const Time now = clock_.now();
  std::vector<Inserted> answers;
  {
    const Lock lock(mutex_);
    if (const Status valid = check_insert(requests); !valid) return fail(valid.error());
    for (const TaskRequest& request : requests) {
      const Uuid rival = table_.kept_out_by(request);
      if (rival.is_nil()) {
        table_.insert(request, now);
        answers.push_back(
            {.id = request.id, .outcome = InsertOutcome::inserted, .created_at = now});
      } else {
        answers.push_back({.id = rival, .outcome = InsertOutcome::duplicate});
      }
    }
  }
  bell_.ring();
  return answers;
}

Status FakeLedger::check_insert(std::span<const TaskRequest> requests) const {
  if (Status valid = check_requests(requests); !valid) return valid;
  std::unordered_set<Uuid> accepted;
  std::unordered_set<std::string> keys;
  std::vector<const TaskRequest*> fresh;
  std::unordered_set<std::string> queues;
  for (const TaskRequest& request : requests) {
    if (!table_.kept_out_by(request).is_nil() || accepted.contains(request.id)) continue;
    if (!request.dedup_key.empty() && !keys.insert(request.dedup_key).second) continue;
    accepted.insert(request.id);
    fresh.push_back(&request);
    if (table_.counts().contains(request.queue)) continue;
    queues.insert(request.queue);
    if (table_.counts().size() + queues.size() > kQueuesMax) {
      return fail(too_many_queues(request.queue));
    }
  }
  for (const TaskRequest* request : fresh) {
    for (const Uuid& id : request->waits_for) {
      if (accepted.contains(id) || table_.find(id) != nullptr) continue;
      return fail(Code::invalid_argument, "task " + to_string(request->id) + " waits for " +
                                              to_string(id) + ", which is not in the ledger");
    }
  }
  return {};
}

Result<std::vector<Task>> FakeLedger::claim(const ClaimParams& params) {
  const Time now = clock_.now();
  std::vector<Task> claimed;
  std::size_t bytes = 0;
  {
    const Lock lock(mutex_);
    for (const auto& [rank, handle] : claimable(params)) {
      if (claimed.size() == params.limit) break;
      if (params.bytes_max > 0 && bytes >= params.bytes_max) break;
      LedgerTable::Row& row = *table_.find(table_.at(handle).task.id());
      if (!has_room(row.task.request.queue)) continue;
      const auto change = transition(
          row.task, event::Claim{.worker = params.worker, .lease = params.lease}, {.now = now});
      WAYBILL_CHECK(change.has_value(), "a ready task can be claimed");
      table_.change(row, *change);
      bytes += text_bytes(row.task);
      claimed.push_back(row.task);
    }
  }
  if (!claimed.empty()) bell_.ring();
  return claimed;
}

std::vector<LedgerTable::Place> FakeLedger::claimable(const ClaimParams& params) const {
  const std::unordered_set<Uuid> only(params.only_ids.begin(), params.only_ids.end());
  std::vector<LedgerTable::Place> places;
  for (const auto& [queue, counts] : table_.counts()) {
    if (!accepts(params.queues, queue)) continue;
    const auto settings = queues_.find(queue);
    if (settings != queues_.end() && settings->second.paused) continue;
    std::size_t taken = 0;
    for (const LedgerTable::Place& place : table_.ready(queue)) {
      const TaskRequest& request = table_.at(place.second).task.request;
      if (!accepts(params.kinds, request.kind)) continue;
      if (!only.empty() && !only.contains(request.id)) continue;
      places.push_back(place);
      if (++taken == params.limit) break;
    }
  }
  std::ranges::sort(places);
  return places;
}

bool FakeLedger::has_room(const std::string& queue) const {
  const auto settings = queues_.find(queue);
  if (settings == queues_.end() || settings->second.concurrency_max == 0) return true;
  return table_.count(queue, State::leased) < settings->second.concurrency_max;
}

Result<std::vector<Status>> FakeLedger::apply(std::span<const Change> changes) {
  std::vector<Status> answers;
  {
    const Lock lock(mutex_);
    for (const Change& change : changes) {
      answers.push_back(apply_one(change));
      if (answers.back()) insert_notifications(change);
    }
  }
  bell_.ring();
  return answers;
}

Status FakeLedger::apply_one(const Change& change) {
  LedgerTable::Row* row = table_.find(change.id);
  if (row == nullptr) return fail(Code::not_found, unknown(change.id));
  if (const Status same = still_applies(row->task, change); !same) return same;
  if (is_finished(change.from.state) && !is_finished(change.after.state)) {
    const Uuid rival = table_.holder(row->task.request.dedup_key);
    if (!rival.is_nil() && rival != change.id) {
      return fail(Code::already_exists, "task " + to_string(change.id) +
                                            " cannot become live again: task " + to_string(rival) +
                                            " has its dedup key by now");
    }
  }
  table_.change(*row, change);
  return {};
}

void FakeLedger::insert_notifications(const Change& change) {
  for (const TaskRequest& request : change.notifications) {
    const bool has_room =
        table_.counts().contains(request.queue) || table_.counts().size() < kQueuesMax;
    if (has_room && table_.kept_out_by(request).is_nil()) table_.insert(request, change.entry.at);
  }
}

LedgerTable::Row* FakeLedger::leased_with(const Uuid& id, std::uint64_t fence) {
  LedgerTable::Row* row = table_.find(id);
  if (row == nullptr || row->task.status.fence != fence) return nullptr;
  return row->task.status.state == State::leased ? row : nullptr;
}

Result<std::vector<ExtendOutcome>> FakeLedger::extend(std::span<const Extension> extensions) {
  const Time now = clock_.now();
  std::vector<ExtendOutcome> answers;
  const Lock lock(mutex_);
  for (const Extension& extension : extensions) {
    LedgerTable::Row* row = leased_with(extension.id, extension.fence);
    if (row == nullptr) {
      answers.push_back(ExtendOutcome::lost);
      continue;
    }
    table_.extend(*row, now + extension.lease);
    answers.push_back(row->task.status.cancel.requested() ? ExtendOutcome::cancel_requested
                                                          : ExtendOutcome::extended);
  }
  return answers;
}

Result<std::vector<Status>> FakeLedger::record(std::span<const Report> reports) {
  std::vector<Status> answers;
  const Lock lock(mutex_);
  for (const Report& report : reports) {
    if (table_.find(report.id) == nullptr) {
      answers.push_back(fail(Code::not_found, unknown(report.id)));
      continue;
    }
    LedgerTable::Row* row = leased_with(report.id, report.fence);
    if (row == nullptr) {
      answers.push_back(fail(Code::aborted, "task " + to_string(report.id) +
                                                " is not leased with fence " +
                                                std::to_string(report.fence) + " any more"));
      continue;
    }
    if (!report.progress.empty()) row->reported.progress = report.progress;
    if (!report.checkpoint.empty()) row->reported.checkpoint = report.checkpoint;
    answers.emplace_back();
  }
  return answers;
}

Result<Overdue> FakeLedger::overdue(std::size_t limit) {
  const Time now = clock_.now();
  const Lock lock(mutex_);
  Overdue overdue;
  for (const auto& [due, handle] : table_.timed()) {
    if (due > now || overdue.tasks.size() == limit) {
      overdue.next = due;
      break;
    }
    overdue.tasks.push_back(table_.at(handle).task);
  }
  return overdue;
}

Result<std::vector<Uuid>> FakeLedger::remove(std::span<const Uuid> ids, Time finished_before) {
  std::vector<Uuid> removed;
  const Lock lock(mutex_);
  for (const Uuid& id : ids) {
    const LedgerTable::Row* row = table_.find(id);
    if (row == nullptr || !is_finished(row->task.status.state)) continue;
    if (row->task.status.finished_at >= finished_before) continue;
    if (table_.is_waited_for(id)) continue;
    table_.remove(*row);
    removed.push_back(id);
  }
  return removed;
}

}  // namespace waybill
