#include "services/recorder.h"

#include <utility>

#include "base/log.h"

namespace waybill {
namespace {

/// A refused verdict is tried again with the task read afresh; each refusal means that somebody
/// changed it in between, so this many in a row are left to the next step.
constexpr int kRoundsMax = 3;

/// What an operator would want to read of it: failures. Those that a person asked for, and
/// successes, are in the ledger and are said at debug.
void log_outcome(const TaskRequest& request, const Change& change) {
  const std::string& name = request.definition.empty() ? request.kind : request.definition;
  const std::string id = to_string(change.id);
  const TaskStatus& after = change.after;
  switch (change.entry.happening) {
    case Happening::failed:
      return log::warn("task_failed", after.error,
                       {{"task", id},
                        {"definition", name},
                        {"queue", request.queue},
                        {"attempt", after.attempt}});
    case Happening::retry_scheduled:
      return log::info("task_retried", after.error,
                       {{"task", id},
                        {"definition", name},
                        {"queue", request.queue},
                        {"failures", after.failures},
                        {"again_at", format_time(after.run_at)}});
    default:
      return log::debug("task_recorded", to_string(change.entry.happening),
                        {{"task", id}, {"definition", name}, {"queue", request.queue}});
  }
}

}  // namespace

Recorder::Recorder(WorkLedger& ledger, TaskReader& reader, Rng rng)
    : ledger_(ledger), reader_(reader), rng_(rng) {}

void Recorder::keep(std::vector<Report> reports) {
  for (Report& report : reports) {
    const RunKey key{report.id, report.fence};
    const auto [position, added] = reports_.try_emplace(key, std::move(report));
    if (added) continue;
    Report& kept = position->second;
    if (!report.progress.empty()) kept.progress = std::move(report.progress);
    if (!report.checkpoint.empty()) kept.checkpoint = std::move(report.checkpoint);
  }
}

Result<std::vector<RunKey>> Recorder::record_reports(HeldRuns& runs, Which which) {
  std::vector<Report> batch;
  for (auto position = reports_.begin(); position != reports_.end();) {
    const HeldRun* run = runs.find(position->first);
    if (run != nullptr && !run->lost() && which == Which::ended && !run->verdict) {
      ++position;
      continue;
    }
    if (run != nullptr && !run->lost()) batch.push_back(position->second);
    position = run == nullptr || run->lost() ? reports_.erase(position) : std::next(position);
  }
  if (batch.empty()) return std::vector<RunKey>{};
  const auto answers = ledger_.record(batch);
  if (!answers) return fail(answers.error());
  std::vector<RunKey> lost;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const RunKey key{batch[i].id, batch[i].fence};
    reports_.erase(key);
    if (!(*answers)[i]) lost.push_back(key);
  }
  return lost;
}

Status Recorder::record_verdicts(HeldRuns& runs) {
  for (int round = 0; round < kRoundsMax && runs.any_ended(); ++round) {
    Batch batch = take_ended(runs);
    if (!batch.changes.empty()) batch.answers = ledger_.apply(batch.changes);
    if (Status taken = take_answers(runs, batch); !taken) return taken;
  }
  return {};
}

void Recorder::begin(HeldRuns& runs, SideThread& side) {
  begun_ = take_ended(runs);
  if (begun_->changes.empty()) return;
  side_ = &side;
  side.begin(
      [&batch = *begun_, &ledger = ledger_] { batch.answers = ledger.apply(batch.changes); });
}

Status Recorder::settle(HeldRuns& runs) {
  if (!begun_) return {};
  if (side_ != nullptr) std::exchange(side_, nullptr)->wait();
  Batch batch = std::move(*begun_);
  begun_.reset();
  return take_answers(runs, batch);
}

Recorder::Batch Recorder::take_ended(HeldRuns& runs) {
  const std::vector<RunKey> ended = runs.take_ended();
  const Time now = ledger_.now();
  Batch batch;
  batch.changes.reserve(ended.size());
  batch.keys.reserve(ended.size());
  for (const RunKey& key : ended) {
    const HeldRun* run = runs.find(key);
    if (run == nullptr) continue;  // lost after it ended
    auto change = transition(run->task, *run->verdict, {.now = now, .chance = rng_.unit()});
    if (!change) {
      batch.stale.push_back(key);
      continue;
    }
    batch.changes.push_back(std::move(*change));
    batch.keys.push_back(key);
  }
  return batch;
}

Status Recorder::take_answers(HeldRuns& runs, Batch& batch) {
  const auto& answers = batch.answers;
  if (!answers) {
    for (const RunKey& key : batch.keys) runs.put_back(key);
    for (const RunKey& key : batch.stale) runs.put_back(key);
    return fail(answers.error());
  }
  for (std::size_t i = 0; i < batch.changes.size(); ++i) {
    const RunKey& key = batch.keys[i];
    const Status& answer = (*answers)[i];
    if (answer || answer.error().code == Code::not_found) {
      if (answer) log_outcome(runs.find(key)->task.request, batch.changes[i]);
      runs.erase(key);
    } else {
      batch.stale.push_back(key);
    }
  }
  return read_again(runs, batch.stale);
}

Status Recorder::read_again(HeldRuns& runs, const std::vector<RunKey>& stale) {
  for (std::size_t i = 0; i < stale.size(); ++i) {
    Status read = read_again(runs, stale[i]);
    if (read) continue;
    for (; i < stale.size(); ++i) runs.put_back(stale[i]);
    return read;
  }
  return {};
}

Status Recorder::read_again(HeldRuns& runs, const RunKey& key) {
  auto task = reader_.get(key.task);
  if (!task && task.error().code != Code::not_found) return fail(task.error());
  HeldRun& run = *runs.find(key);
  if (!task || task->status.state != State::leased || task->status.fence != key.fence) {
    log::info("outcome_discarded", "the task's lease is another's or over by now",
              {{"task", to_string(key.task)}, {"fence", key.fence}});
    runs.erase(key);
    return {};
  }
  const bool confirms = std::holds_alternative<event::ConfirmCancel>(*run.verdict);
  run.task = std::move(*task);
  if (confirms && !run.task.status.cancel.requested()) {
    run.verdict =
        event::GiveBack{.fence = key.fence, .reason = "stopped for a cancel that is gone"};
  }
  runs.put_back(key);
  return {};
}

}  // namespace waybill
