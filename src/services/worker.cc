#include "services/worker.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "services/verdict.h"

namespace waybill {
namespace {

bool can_be_waited_out(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::resource_exhausted ||
         error.code == Code::deadline_exceeded;
}

}  // namespace

Status check_worker_options(const WorkerOptions& options) {
  const auto refuse = [](std::string why) { return fail(Code::invalid_argument, std::move(why)); };
  if (options.name.empty()) return refuse("worker name must not be empty");
  if (options.slots < 1 || options.slots > 10'000) return refuse("slots must be 1 to 10000");
  if (options.inline_batch < 1) return refuse("inline_batch must be at least 1");
  if (options.beat_every <= Duration(0)) return refuse("beat_every must be longer than 0s");
  if (options.lease < 2 * options.beat_every) {
    return refuse("lease is " + format_duration(options.lease) + ", but must be at least twice " +
                  "beat_every, " + format_duration(2 * options.beat_every) +
                  ", or one late beat loses every task");
  }
  for (const Duration period :
       {options.listen_every, options.poll_every, options.sweep_every, options.report_every,
        options.register_every, options.retry_every}) {
    if (period <= Duration(0)) return refuse("the worker's periods must be longer than 0s");
  }
  return {};
}

Worker::Worker(WorkerPorts ports, WorkerOptions options, Rng rng)
    : ports_(ports),
      options_(std::move(options)),
      ledger_(ports.ledger, ports.reader),
      heart_(ledger_, ledger_, ports.clock,
             {.lease = options_.lease,
              .beat_every = options_.beat_every,
              .listen_every = options_.listen_every}),
      recorder_(ledger_, ledger_, rng),
      claimer_({.ledger = ledger_, .clock = ports.clock, .hints = ports.hints, .reader = &ledger_},
               {.worker = options_.name,
                .queues = options_.queues,
                .lease = options_.lease,
                .inline_batch = options_.inline_batch,
                .inline_batch_max = options_.inline_batch_max,
                .sweep_every = options_.sweep_every},
               ports.executor.kinds()),
      kinds_(ports.executor.kinds()),
      started_at_(ports.clock.now()) {}

Result<Duration> Worker::step(const Deadline& deadline) {
  if (drained_) return Duration(0);
  more_ready_ = false;
  register_when_due();
  collect_finished();
  watch_runs();
  const std::uint64_t answers_before = ledger_.answers();
  // A stop request ends the step early; what is held stays held for the next one.
  const Status worked = deadline.stop_requested() ? Status() : work();
  if (!worked && !can_be_waited_out(worked.error())) return fail(worked.error());
  tell_of_ledger(worked, answers_before);
  finish_drain();
  return wait_after(ledger_was_away_);
}

/// A step with nothing to ask tells nothing: one that ends holds nothing any more.
void Worker::tell_of_ledger(const Status& worked, std::uint64_t answers_before) {
  if (!worked && !ledger_was_away_) {
    log::warn("ledger_away", worked.error().message, {{"held", runs_.size()}});
    ledger_was_away_ = true;
  } else if (worked && ledger_was_away_ && ledger_.answers() != answers_before) {
    log::info("ledger_back", "the ledger takes calls again");
    ledger_was_away_ = false;
  }
}

Status Worker::work() {
  if (Status done = beat(); !done) return done;
  if (Status done = report(); !done) return done;
  if (may_record_beside()) recorder_.begin(runs_, *ports_.side);
  const Status claimed = claim_next();
  const Status settled = recorder_.settle(runs_);
  if (!settled) {
    recording_fails_ = true;
    return settled;
  }
  if (!claimed || drain_at_) return claimed;
  // One that was claimed again while an older run of it was being recorded.
  start_waiting();
  // Inline runs have ended by now: their verdicts go into this step, unless there is a next batch
  // that they can be recorded beside.
  collect_finished();
  if (Status done = report(); !done) return done;
  if (more_ready_ && may_record_beside()) return {};
  return record();
}

Status Worker::record() {
  Status done = recorder_.record_verdicts(runs_);
  recording_fails_ = !done;
  return done;
}

/// What takes slots is recorded first, so that they are free for the claim. And while nothing can
/// be recorded nothing is claimed, or more and more would be held.
bool Worker::may_record_beside() const {
  return ports_.side != nullptr && !drain_at_ && !recording_fails_ && runs_.any_ended() &&
         !runs_.slots_end();
}

Status Worker::claim_next() {
  if (Status done = record(); !done) return done;
  start_waiting();
  return drain_at_ ? record() : claim();
}

Status Worker::beat() {
  const auto pulse = heart_.beat(runs_);
  if (!pulse) return fail(pulse.error());
  on_pulse(*pulse);
  const auto heard = heart_.listen(runs_);
  if (!heard) return fail(heard.error());
  on_pulse(*heard);
  return {};
}

void Worker::on_pulse(const Heart::Pulse& pulse) {
  for (const RunKey& key : pulse.lost) stop_run(key, StopReason::lost);
  for (const RunKey& key : pulse.cancel_requested) stop_run(key, StopReason::cancel);
}

Status Worker::report() {
  recorder_.keep(ports_.executor.take_reports());
  if (!recorder_.any_reports()) return {};
  const SteadyTime now = ports_.clock.steady_now();
  const bool due = now >= next_report_;
  const auto lost =
      recorder_.record_reports(runs_, due ? Recorder::Which::all : Recorder::Which::ended);
  if (!lost) return fail(lost.error());
  if (due) next_report_ = now + options_.report_every;
  for (const RunKey& key : *lost) stop_run(key, StopReason::lost);
  return {};
}

Status Worker::claim() {
  const std::size_t taken = runs_.slots_taken();
  const std::size_t free = options_.slots - std::min(options_.slots, taken);
  Claimer::Claimed claimed;
  const auto start_claimed = [&] {
    waiting_.insert(waiting_.end(), claimed.keys.begin(), claimed.keys.end());
    claimed.keys.clear();
    start_waiting();
  };
  Status done = claimer_.claim_for_slots(runs_, free, claimed);
  start_claimed();
  if (done) done = claimer_.claim_inline(runs_, claimed);
  more_ready_ = claimed.more;
  start_claimed();
  return done;
}

void Worker::collect_finished() {
  recorder_.keep(ports_.executor.take_reports());
  for (FinishedRun& finished : ports_.executor.take_finished()) {
    HeldRun* run = runs_.find(finished.key);
    if (run == nullptr) continue;
    if (run->lost()) {
      runs_.erase(finished.key);
    } else {
      runs_.end(finished.key, verdict_of(*run, std::move(finished.outcome), ports_.ledger.now()));
    }
  }
}

/// Stops runs that have had their time, and those whose lease may have run out unextended.
void Worker::watch_runs() {
  const SteadyTime now = ports_.clock.steady_now();
  const bool drain_is_due = drain_at_ && now >= *drain_at_;
  std::vector<std::pair<RunKey, StopReason>> stops;
  next_watch_ = kSteadyTimeMax;
  for (auto& [key, run] : runs_) {
    // An outcome outlives its lease only where somebody waits to record it: a worker that ends does
    // not wait for a ledger that may never take it.
    if (run.lost() || (run.verdict && !drain_is_due)) continue;
    if (now >= run.lease_until) {
      stops.emplace_back(key, StopReason::lost);
      continue;
    }
    next_watch_ = std::min(next_watch_, run.lease_until);
    if (run.stop || run.verdict) continue;
    if (now >= run.deadline) {
      stops.emplace_back(key, StopReason::timed_out);
    } else if (drain_is_due) {
      stops.emplace_back(key, StopReason::worker_stops);
    } else {
      next_watch_ = std::min(next_watch_, run.deadline);
    }
  }
  for (const auto& [key, why] : stops) stop_run(key, why);
}

/// Starts what was claimed; a task whose older run is still ending here waits for that.
void Worker::start_waiting() {
  for (const RunKey& key : std::exchange(waiting_, {})) {
    HeldRun* run = runs_.find(key);
    if (run == nullptr || run->verdict) continue;
    if (drain_at_) {
      runs_.end(key, event::GiveBack{.fence = key.fence, .reason = "the worker stops"});
    } else if (run->task.status.attempt > 1 && runs_.rival_of(key)) {
      waiting_.push_back(key);
    } else if (const Status started = start(*run); !started) {
      log::warn("task_not_started", started.error().message, {{"task", to_string(key.task)}});
      const Time later = ports_.ledger.now() + options_.poll_every;
      runs_.end(key, event::Snooze{.fence = key.fence, .until = later});
    }
  }
}

Status Worker::start(HeldRun& run) {
  RunTerms terms;
  if (run.task.status.attempt > 1) {
    auto reported = ledger_.reported(run.task.id());
    if (!reported) return fail(with_context(reported.error(), "cannot read its checkpoint"));
    terms.checkpoint = std::move(reported->checkpoint);
  }
  if (run.task.request.run_time_max > Duration(0)) {
    run.deadline = ports_.clock.steady_now() + run.task.request.run_time_max;
    terms.deadline = run.deadline;
    next_watch_ = std::min(next_watch_, run.deadline);
  }
  next_watch_ = std::min(next_watch_, run.lease_until);
  run.started = true;
  ports_.executor.start(run.task, std::move(terms));
  return {};
}

void Worker::stop_run(const RunKey& key, StopReason why) {
  HeldRun* run = runs_.find(key);
  if (run == nullptr || (run->stop && *run->stop >= why)) return;
  run->stop = why;
  log::info("run_stopping", to_string(why), {{"task", to_string(key.task)}, {"fence", key.fence}});
  if (run->running()) {
    ports_.executor.request_stop(key, why);
  } else if (why == StopReason::lost) {
    runs_.erase(key);
  } else if (!run->verdict) {
    runs_.end(key, verdict_of(*run, outcome::Stopped{}, ports_.ledger.now()));
  }
}

void Worker::register_when_due() {
  const SteadyTime now = ports_.clock.steady_now();
  if (now < next_register_) return;
  next_register_ = now + options_.register_every;
  WorkerInfo info{.name = options_.name,
                  .host = options_.host,
                  .process_id = options_.process_id,
                  .version = options_.version,
                  .queues = options_.queues,
                  .slots = static_cast<std::uint32_t>(options_.slots),
                  .busy = static_cast<std::uint32_t>(runs_.slots_taken()),
                  .started_at = started_at_};
  for (const RunnableKind& kind : kinds_) info.kinds.push_back(kind.name);
  if (const Status put = ports_.registry.put_worker(info); !put) {
    log::warn("worker_not_registered", put.error().message, {{"worker", options_.name}});
  }
}

void Worker::drain(SteadyTime stop_runs_at) {
  drain_at_ = std::min(drain_at_.value_or(kSteadyTimeMax), stop_runs_at);
}

void Worker::finish_drain() {
  if (!drain_at_ || runs_.size() > 0) return;
  if (const Status removed = ports_.registry.remove_worker(options_.name); !removed) {
    log::warn("worker_not_deregistered", removed.error().message, {{"worker", options_.name}});
  }
  drained_ = true;
}

Duration Worker::wait_after(bool ledger_away) const {
  if (drained_ || (more_ready_ && !ledger_away)) return Duration(0);
  const SteadyTime now = ports_.clock.steady_now();
  SteadyTime next = std::min(next_register_, next_watch_);
  const bool has_room = runs_.slots_taken() < options_.slots;
  if (has_room && !drain_at_) next = std::min(next, now + options_.poll_every);
  if (drain_at_ && *drain_at_ > now) next = std::min(next, *drain_at_);
  if (runs_.any_ended() || ledger_away) next = std::min(next, now + options_.retry_every);
  // Also for what runs say until then: they ring for the first report of a period only.
  const bool reports_may_come = runs_.size() > 0 && next_report_ > now;
  if (recorder_.any_reports() || reports_may_come) next = std::min(next, next_report_);
  if (!ledger_away && runs_.size() > 0) next = std::min(next, heart_.next());
  return std::max(Duration(0), next - now);
}

}  // namespace waybill
