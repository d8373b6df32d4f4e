#include "services/heart.h"

#include <utility>

namespace waybill {

Heart::Heart(WorkLedger& ledger, TaskReader& reader, Clock& clock, HeartOptions options)
    : ledger_(ledger),
      reader_(reader),
      clock_(clock),
      options_(options),
      next_beat_(clock.steady_now() + options.beat_every),
      next_listen_(clock.steady_now() + options.listen_every) {}

Result<Heart::Pulse> Heart::beat(HeldRuns& runs) {
  const SteadyTime asked_at = clock_.steady_now();
  if (asked_at < next_beat_) return Pulse{};
  std::vector<Extension> extensions;
  std::vector<std::pair<RunKey, HeldRun*>> beating;
  for (auto& [key, run] : runs) {
    if (run.lost()) continue;
    extensions.push_back(
        {.id = key.task, .handle = run.task.handle, .fence = key.fence, .lease = options_.lease});
    beating.emplace_back(key, &run);
  }
  Pulse pulse;
  if (!extensions.empty()) {
    const auto answers = ledger_.extend(extensions);
    if (!answers) return fail(answers.error());
    for (std::size_t i = 0; i < beating.size(); ++i) {
      const auto& [key, run] = beating[i];
      if ((*answers)[i] == ExtendOutcome::lost) {
        pulse.lost.push_back(key);
        continue;
      }
      run->lease_until = asked_at + options_.lease;
      if ((*answers)[i] == ExtendOutcome::cancel_requested) pulse.cancel_requested.push_back(key);
    }
  }
  next_beat_ = asked_at + options_.beat_every;
  next_listen_ = asked_at + options_.listen_every;
  return pulse;
}

Result<Heart::Pulse> Heart::listen(HeldRuns& runs) {
  const SteadyTime asked_at = clock_.steady_now();
  if (asked_at < next_listen_) return Pulse{};
  Pulse pulse;
  for (const auto& [key, run] : runs) {
    if (!run.running() || run.stop) continue;
    const auto task = reader_.get(key.task);
    if (!task && task.error().code != Code::not_found) return fail(task.error());
    if (!task || task->status.state != State::leased || task->status.fence != key.fence) {
      pulse.lost.push_back(key);
    } else if (task->status.cancel.requested()) {
      pulse.cancel_requested.push_back(key);
    }
  }
  next_listen_ = asked_at + options_.listen_every;
  return pulse;
}

}  // namespace waybill
