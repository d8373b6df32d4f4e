#include "services/dispatcher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"

namespace waybill {

Dispatcher::Dispatcher(LedgerReader& reader, Clock& clock, BrokerOf broker_of,
                       const DispatcherParams& params, LaneHost host)
    : reader_(reader),
      clock_(clock),
      broker_of_(std::move(broker_of)),
      params_(params),
      host_(std::move(host)) {}

Result<Duration> Dispatcher::step(const Deadline& deadline) {
  if (!cursor_) {
    if (Status begun = begin(); !begun) return fail(begun.error());
  }
  const auto read = read_events();
  if (!read) return fail(read.error());
  Duration next = Duration::max();
  if (!host_) {
    const auto stepped = step_lanes(deadline);
    if (!stepped) return fail(stepped.error());
    next = *stepped;
  }
  if (*read == Progress::more || next <= Duration(0)) return Duration(0);
  const SteadyTime now = clock_.steady_now();
  const SteadyTime retry = next < kSteadyTimeMax - now ? now + next : kSteadyTimeMax;
  return wait_for_news({.at = std::min(deadline.at, retry), .stop = deadline.stop});
}

Status Dispatcher::begin() {
  // Before the ready ones are read: what becomes ready meanwhile is published twice, not never.
  const Result<std::uint64_t> last =
      reader_.last_sequence(std::nullopt, Deadline{.at = clock_.steady_now()});
  if (!last) return fail(with_context(last.error(), "reading the ledger's last event"));
  const auto counts = reader_.counts();
  if (!counts) return fail(with_context(counts.error(), "reading the ledger's queues"));
  for (const QueueCounts& count : *counts) {
    if (count.by_state[static_cast<int>(State::ready)] == 0) continue;
    Lane& lane = lane_of(count.queue);
    if (lane.hints) lane.hints->publish_all();
    if (lane.ring) lane.ring();
  }
  cursor_ = *last;
  return {};
}

Dispatcher::Lane& Dispatcher::lane_of(const std::string& queue) {
  const auto [entry, is_new] = lanes_.try_emplace(queue);
  Lane& lane = entry->second;
  if (!is_new) return lane;
  Queue* broker = broker_of_(queue);
  if (broker == nullptr) return lane;
  lane.hints = std::make_unique<HintLane>(
      HintLane::Ports{.reader = reader_, .clock = clock_, .broker = *broker}, queue,
      HintLaneParams{.batch = params_.batch,
                     .pending_max = params_.pending_max,
                     .backoff_first = params_.backoff_first,
                     .backoff_max = params_.backoff_max});
  if (host_) lane.ring = host_(*lane.hints);
  return lane;
}

Result<Dispatcher::Progress> Dispatcher::read_events() {
  const Result<std::vector<LedgerEvent>> events = reader_.events(*cursor_, params_.batch);
  if (!events && events.error().code == Code::out_of_range) {
    log::warn("dispatcher_behind", "events are gone unread; publishing all ready tasks");
    cursor_.reset();
    return Progress::more;
  }
  if (!events) return fail(with_context(events.error(), "reading the ledger's events"));
  std::set<Lane*> told;
  for (const LedgerEvent& event : *events) {
    cursor_ = event.sequence;
    if (event.entry.state != State::ready) continue;
    Lane& lane = lane_of(event.queue);
    if (lane.hints == nullptr) continue;
    lane.hints->add(event.id);
    told.insert(&lane);
  }
  for (const Lane* lane : told) {
    if (lane->ring) lane->ring();
  }
  return events->size() < params_.batch ? Progress::caught_up : Progress::more;
}

Result<Duration> Dispatcher::step_lanes(const Deadline& deadline) {
  Duration next = Duration::max();
  for (auto& [queue, lane] : lanes_) {
    if (deadline.stop_requested()) return Duration(0);
    if (lane.hints == nullptr) continue;
    const auto wait = lane.hints->step(deadline);
    if (!wait) return fail(wait.error());
    next = std::min(next, *wait);
  }
  return next;
}

Result<Duration> Dispatcher::wait_for_news(const Deadline& deadline) {
  const SteadyTime begun = clock_.steady_now();
  const Result<std::uint64_t> last = reader_.last_sequence(*cursor_, deadline);
  if (!last) return fail(with_context(last.error(), "waiting for the ledger's next event"));
  const bool waited = clock_.steady_now() > begun;
  return *last > *cursor_ || waited ? Duration(0) : params_.poll;
}

}  // namespace waybill
