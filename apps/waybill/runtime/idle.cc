#include "apps/waybill/runtime/idle.h"

#include <algorithm>
#include <set>

#include "apps/waybill/cli/progress_bar.h"
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

}  // namespace

std::function<void(const Work&)> progress_printer(Output& output) {
  return [&output, before = std::optional<std::int64_t>()](const Work& work) mutable {
    if (!before) before = work.finished;
    const std::int64_t done = work.finished - *before;
    output.progress(progress_bar(done, done + work.running + work.waiting,
                                 "tasks, " + std::to_string(work.running) + " running"));
  };
}

Result<Work> count_work(Store& store, const std::vector<std::string>& queues) {
  const auto counts = store.reader().counts();
  if (!counts) return fail(counts.error());
  const auto paused = paused_queues(store);
  if (!paused) return fail(paused.error());
  Work work;
  std::int64_t scheduled = 0;
  std::int64_t startable = 0;
  for (const QueueCounts& count : *counts) {
    if (!accepts(queues, count.queue)) continue;
    const auto in = [&](State state) { return count.by_state[static_cast<int>(state)]; };
    work.running += in(State::leased);
    work.waiting += in(State::ready) + in(State::scheduled) + in(State::blocked);
    work.finished += in(State::succeeded) + in(State::failed) + in(State::cancelled);
    if (paused->contains(count.queue)) continue;
    startable += in(State::ready);
    scheduled += in(State::scheduled);
  }
  work.moves = work.running + startable > 0;
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
  } else if (report->count(ScanOutcome::inserted) == 0 && report->complete()) {
    found_nothing_[report->scan] = report->now;
  } else {
    found_nothing_.erase(report->scan);
  }
}

Result<bool> IdleWatch::scans_agree(Time since) {
  const Lock lock(mutex_);
  if (failure_) return fail(*failure_);
  return std::all_of(scans_.begin(), scans_.end(), [&](const std::string& scan) {
    const auto found = found_nothing_.find(scan);
    return found != found_nothing_.end() && found->second >= since;
  });
}

Status IdleWatch::wait(Session& session, Store& store, const Deadline& deadline,
                       const std::function<void(const Work&)>& shown) {
  Time still_since = session.clock().now();
  std::uint64_t still_at = 0;
  while (!deadline.stop_requested()) {
    const Deadline look{.at = session.clock().steady_now() + kLook, .stop = deadline.stop};
    const auto sequence = store.reader().last_sequence(std::nullopt, look);
    if (!sequence) return fail(sequence.error());
    const auto work = count_work(store, session.config().queues);
    if (!work) return fail(work.error());
    shown(*work);
    if (work->moves || *sequence != still_at) {
      still_since = session.clock().now();
      still_at = *sequence;
    }
    if (!work->moves) {
      const auto agreed = scans_agree(still_since);
      if (!agreed) return fail(agreed.error());
      if (*agreed) return {};
    }
    if (const auto changed = store.reader().last_sequence(*sequence, look); !changed) {
      return fail(changed.error());
    }
  }
  return {};
}

}  // namespace waybill::cli
