#include "apps/waybill/runtime/idle.h"

#include <set>

#include "apps/waybill/cli/progress_bar.h"
#include "apps/waybill/commands/scan_view.h"
#include "apps/waybill/commands/views.h"
#include "core/name_filter.h"

namespace waybill::cli {
namespace {

/// The longest wait before looking again: what time alone changes is told by nobody.
constexpr Duration kLook = std::chrono::milliseconds(100);

Result<std::set<std::string>> paused_queues(Store& store) {
  const auto queues = store.registry().queues();
  if (!queues) return fail(queues.error());
  std::set<std::string> paused;
  for (const QueueSettings& queue : *queues) {
    if (queue.paused) paused.insert(queue.name);
  }
  return paused;
}

/// Whether a task of the queue is ready that these kinds can run.
Result<bool> has_ready(LedgerReader& reader, const std::string& queue,
                       const std::vector<std::string>& kinds) {
  for (const std::string& kind : kinds) {
    const auto page = reader.page(
        {.filter = {.states = {State::ready}, .queue = queue, .kind = kind}, .limit = 1});
    if (!page) return fail(page.error());
    if (!page->tasks.empty()) return true;
    if (page->damaged.empty()) continue;
    const DamagedTask& damaged = page->damaged.front();
    return fail(Code::data_loss, "task " + to_string(damaged.id) + ": " + damaged.what);
  }
  return false;
}

}  // namespace

std::function<void(const Work&)> progress_printer(Output& output) {
  return [&output, before = std::optional<std::int64_t>()](const Work& work) mutable {
    if (!before) before = work.finished;
    const std::int64_t done = work.finished - *before;
    output.progress(progress_bar(done, done + work.running + work.waiting,
                                 "tasks, " + std::to_string(work.running) + " running"));
  };
}

Result<Work> count_work(Store& store, const WorkScope& scope) {
  const auto counts = store.reader().counts();
  if (!counts) return fail(counts.error());
  const auto paused = paused_queues(store);
  if (!paused) return fail(paused.error());
  Work work;
  std::int64_t scheduled = 0;
  for (const QueueCounts& count : *counts) {
    if (!accepts(scope.queues, count.queue)) continue;
    const auto in = [&](State state) { return count.by_state[static_cast<int>(state)]; };
    work.running += in(State::leased);
    work.waiting += in(State::ready) + in(State::scheduled) + in(State::blocked);
    work.finished += in(State::succeeded) + in(State::failed) + in(State::cancelled);
    if (paused->contains(count.queue)) continue;
    scheduled += in(State::scheduled);
    if (work.moves || in(State::ready) == 0) continue;
    const auto startable = has_ready(store.reader(), count.queue, scope.kinds);
    if (!startable) return fail(startable.error());
    work.moves = *startable;
  }
  work.moves = work.moves || work.running > 0;
  if (!work.moves && scheduled > 0) {
    const auto overdue = store.ledger().overdue(1);
    if (!overdue) return fail(overdue.error());
    const bool due = !overdue->tasks.empty();
    work.moves = due || overdue->next <= store.ledger().now() + kIdleHorizon;
  }
  return work;
}

void IdleWatch::saw(const Result<ScanReport>& report) {
  const Lock lock(mutex_);
  if (!report) {
    failure_ = report.error();
    return;
  }
  note_refused(*report);
  if (report->count(ScanOutcome::inserted) == 0 && report->settled()) {
    found_nothing_[report->scan] = report->now;
  } else {
    found_nothing_.erase(report->scan);
  }
}

void IdleWatch::note_refused(const ScanReport& report) {
  refused_.erase(report.scan);
  for (const ScannedTask& task : report.tasks) {
    if (!task.refused) continue;
    refused_[report.scan] = counted(report.refused(), "task") +
                            " can never be scheduled, the first for " + task.planned.what + ": " +
                            task.error;
    return;
  }
  if (report.too_large() > 0) refused_[report.scan] = too_large(report);
}

std::optional<Error> IdleWatch::refusal() const {
  const Lock lock(mutex_);
  std::string message;
  for (const auto& [scan, why] : refused_) {
    message += (message.empty() ? "scan " : "\nscan ") + scan + ": " + why;
  }
  if (message.empty()) return std::nullopt;
  return Error{.code = Code::failed_precondition, .message = message};
}

Result<bool> IdleWatch::scans_agree(Time since) {
  const Lock lock(mutex_);
  if (failure_) return fail(*failure_);
  for (const std::string& scan : scans_) {
    const auto found = found_nothing_.find(scan);
    if (found == found_nothing_.end() || found->second < since) return false;
  }
  return true;
}

namespace {

/// Whether runs have been looked at since nothing moved any more, and none of them goes on.
bool runs_rest(const IdleWatch::WaitParams& params, Time since, std::uint64_t sequence) {
  if (!params.runs_at_rest) return true;
  const RunsAtRest rest = params.runs_at_rest();
  return rest.is_at_rest && rest.sequence >= sequence && rest.looked_at >= since;
}

}  // namespace

Result<Work> IdleWatch::wait(const WaitParams& params) {
  LedgerReader& reader = params.store.reader();
  const std::stop_token& stop = params.deadline.stop;
  Time still_since = params.clock.now();
  std::uint64_t still_at = 0;
  for (;;) {
    const Deadline look{.at = params.clock.steady_now() + kLook, .stop = stop};
    const auto sequence = reader.last_sequence(std::nullopt, look);
    if (!sequence) return fail(sequence.error());
    const auto work = count_work(params.store, params.scope);
    if (!work || stop.stop_requested()) return work;
    params.shown(*work);
    if (work->moves || *sequence != still_at) {
      still_since = params.clock.now();
      still_at = *sequence;
    }
    if (!work->moves) {
      const auto agreed = scans_agree(still_since);
      if (!agreed) return fail(agreed.error());
      if (*agreed && runs_rest(params, still_since, *sequence)) return work;
    }
    if (const auto changed = reader.last_sequence(*sequence, look); !changed) {
      return fail(changed.error());
    }
  }
}

}  // namespace waybill::cli
