#include "kinds/archive/polite/host_gate.h"

#include <algorithm>
#include <stop_token>

namespace waybill {
namespace {

/// A thread may wake up so late for its time.
constexpr Duration kGateLateMax = std::chrono::milliseconds(20);

constexpr int kTimesAtOnce = 1000;  // as far as a window has them
constexpr int kNewsMax = 1000;

/// `code` as HostGate::take says it.
Error no_turn(Code code, const std::string& host, Duration wait) {
  const Duration shown = std::chrono::ceil<std::chrono::seconds>(wait);
  Error error{
      .code = code,
      .message = host +
                 (code == Code::unavailable ? " has failed too often, and is not asked again for "
                                            : " is to be left alone for ") +
                 format_duration(shown)};
  error.retry_after = std::max<Duration>(wait, std::chrono::milliseconds(1));
  return error;
}

}  // namespace

HostGate::HostGate(HostTurns& turns, Clock& clock, const Uuid& holder, HostGateParams params)
    : turns_(turns), clock_(clock), holder_(holder), params_(params) {
  renewer_ = std::jthread([this] { renew(); });
}

HostGate::~HostGate() {
  {
    const Lock lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }
  renewer_.join();
  {
    const Lock lock(mutex_);
    for (auto& [host, lane] : lanes_) {
      lane.to_ask = true;
      lane.most_wanted = 0;
    }
  }
  // Where it cannot be told, it shows by the end of the leases.
  [[maybe_unused]] const Status told = ask_all();
}

void HostGate::end(const std::string& host) {
  const Lock lock(mutex_);
  const auto lane = lanes_.find(host);
  if (lane != lanes_.end()) --lane->second.in_use;
  changed_.notify_all();
}

std::optional<SteadyTime> HostGate::may_begin(Lane& lane, const Wish& wish, SteadyTime now) const {
  const bool is_fresh = lane.is_known && !lane.is_asking && now - lane.asked_at < params_.terms_max;
  if (!is_fresh || lane.in_use >= std::min(lane.slots, wish.at_once)) return std::nullopt;
  if (wish.delay <= Duration(0)) return now;
  if (wish.delay > lane.need.delay) return std::nullopt;  // they keep another distance
  while (lane.times > 0 && lane.next_at + kGateLateMax < now) {
    --lane.times;
    lane.next_at += lane.need.delay;
  }
  if (lane.times == 0) return std::nullopt;
  --lane.times;
  const SteadyTime at = std::max(lane.next_at, now);
  lane.next_at += lane.need.delay;
  return at;
}

/// Looks once, under the lock: a turn, a refusal, or what to do next.
HostGate::Look HostGate::look(Lock& lock, Lane& lane, const Wish& wish, SteadyTime end) {
  const SteadyTime now = clock_.steady_now();
  if (lane.alone_until > now) {
    const Code code = lane.is_spent ? Code::unavailable : Code::resource_exhausted;
    if (lane.is_spent || lane.alone_until > end) {
      return {.refusal = no_turn(code, wish.host, lane.alone_until - now)};
    }
    changed_.wait_until(lock, lane.alone_until);
    return {};
  }
  lane.most_wanted = std::max(lane.most_wanted, lane.in_use + lane.waiting);
  if (const auto at = may_begin(lane, wish, now)) {
    ++lane.in_use;
    return {.at = at};
  }
  if (lane.is_asking) {
    if (now >= end) {
      return {.refusal = no_turn(Code::resource_exhausted, wish.host, params_.ask_again)};
    }
    changed_.wait_until(lock, end);
    return {};
  }
  if (now < lane.ask_after) {
    if (lane.ask_after > end) {
      return {.refusal = no_turn(Code::resource_exhausted, wish.host, lane.ask_after - now)};
    }
    changed_.wait_until(lock, lane.ask_after);
    return {};
  }
  if (wish.delay > lane.need.delay) lane.times = 0;
  lane.need.slots_max = wish.at_once;
  lane.need.delay = wish.delay;
  lane.need.wait_max = std::max(end - now, Duration(0));
  lane.to_ask = true;
  return {.is_to_ask = true};
}

Result<HostGate::Turn> HostGate::take(const Wish& wish, const Deadline& deadline) {
  const std::stop_callback wake(deadline.stop, [this] {
    const Lock lock(mutex_);
    changed_.notify_all();
  });
  const SteadyTime end = std::min(clock_.steady_now() + wish.wait_max, deadline.at);
  std::optional<Waiting> waiting(std::in_place, *this, wish.host);
  while (true) {
    Look seen;
    {
      Lock lock(mutex_);
      if (deadline.stop_requested()) return fail(Code::cancelled, "stopped");
      if (clock_.steady_now() >= deadline.at) {
        return fail(Code::deadline_exceeded, "no turn at " + wish.host + " came in time");
      }
      seen = look(lock, lanes_.at(wish.host), wish, end);
    }
    if (seen.refusal) return fail(std::move(*seen.refusal));
    if (seen.at) {
      Turn turn(*this, wish.host);
      waiting.reset();
      if (*seen.at > clock_.steady_now()) clock_.wait_until(*seen.at, deadline.stop);
      if (deadline.stop_requested()) return fail(Code::cancelled, "stopped");
      return turn;
    }
    if (!seen.is_to_ask) continue;
    if (Status asked = ask(end); !asked) {
      return fail(with_context(asked.error(), "taking a turn at " + wish.host));
    }
  }
}

HostGate::Waiting::Waiting(HostGate& gate, const std::string& host) : gate_(gate), host_(host) {
  const Lock lock(gate_.mutex_);
  ++gate_.lanes_[host_].waiting;
  gate_.changed_.notify_all();
}

HostGate::Waiting::~Waiting() {
  const Lock lock(gate_.mutex_);
  --gate_.lanes_.at(host_).waiting;
}

void HostGate::take_terms(Lane& lane, const HostTerms& terms, bool has_asked_times,
                          SteadyTime asked_at) {
  lane.is_known = true;
  lane.asked_at = asked_at;
  lane.slots = terms.slots;
  // A renewal asks for no times: those that were given stay.
  if (has_asked_times) {
    lane.times = terms.times;
    lane.next_at = asked_at + terms.wait;
  }
  if (terms.alone > Duration(0)) {
    lane.alone_until = asked_at + terms.alone;
    lane.is_spent = terms.is_spent;
    lane.times = 0;
  }
  const bool has_no_slot = terms.slots <= lane.in_use;
  const bool has_no_time = lane.need.delay > Duration(0) && lane.times == 0;
  lane.ask_after = has_no_slot ? asked_at + params_.ask_again : asked_at;
  if (has_no_time) lane.ask_after = std::max(lane.ask_after, asked_at + terms.wait);
}

std::vector<HostNeed> HostGate::needs_to_ask() {
  std::vector<HostNeed> needs;
  for (auto& [host, lane] : lanes_) {
    if (!lane.to_ask || needs.size() == kHostNeedsMax) continue;
    lane.to_ask = false;
    lane.is_asking = true;
    HostNeed& need = lane.need;
    need.host = host;
    need.slots_used = std::min(lane.in_use, kHostSlotsMax);
    need.slots_wanted = std::clamp(lane.most_wanted, need.slots_used, kHostSlotsMax);
    need.times_wanted = lane.waiting > 0 && lane.times == 0 ? kTimesAtOnce : 0;
    lane.most_wanted = lane.in_use + lane.waiting;
    needs.push_back(need);
    need.failures = 0;
    need.leave_alone = Duration(0);
  }
  return needs;
}

Status HostGate::ask(SteadyTime until) {
  std::vector<HostNeed> needs;
  {
    Lock lock(mutex_);
    if (is_calling_) {
      if (clock_.steady_now() >= until) {
        return fail(Error{.code = Code::resource_exhausted,
                          .message = "the ledger does not answer",
                          .retry_after = params_.ask_again});
      }
      changed_.wait_until(lock, until);
      return {};
    }
    needs = needs_to_ask();
    if (needs.empty()) return {};
    is_calling_ = true;
  }
  const SteadyTime asked_at = clock_.steady_now();
  const auto terms = turns_.take({.holder = holder_, .lease = params_.lease}, needs);
  const Lock lock(mutex_);
  is_calling_ = false;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    Lane& lane = lanes_.at(needs[i].host);
    lane.is_asking = false;
    if (terms) {
      take_terms(lane, (*terms)[i], needs[i].times_wanted > 0, asked_at);
      continue;
    }
    lane.need.failures = std::min(lane.need.failures + needs[i].failures, kNewsMax);
    lane.need.leave_alone = std::max(lane.need.leave_alone, needs[i].leave_alone);
  }
  changed_.notify_all();
  return terms ? Status() : Status(fail(terms.error()));
}

void HostGate::tell(const News& news) {
  {
    const Lock lock(mutex_);
    Lane& lane = lanes_[news.host];
    lane.need.failures = std::min(lane.need.failures + news.failures, kNewsMax);
    lane.need.leave_alone = std::max(lane.need.leave_alone, news.leave_alone);
    if (news.leave_alone > Duration(0)) {
      lane.alone_until =
          std::max(lane.alone_until,
                   clock_.steady_now() + std::min<Duration>(news.leave_alone, kHostAloneMax));
      lane.is_spent = false;
    }
    lane.most_wanted = std::max(lane.most_wanted, lane.in_use);
    lane.to_ask = true;
  }
  while (true) {
    // A ledger that cannot be asked now is told by the next renewal.
    if (Status told = ask(); !told) return;
    const Lock lock(mutex_);
    const auto lane = lanes_.find(news.host);
    if (lane == lanes_.end() || (!lane->second.to_ask && !lane->second.is_asking)) return;
  }
}

Status HostGate::ask_all() {
  while (true) {
    if (Status asked = ask(); !asked) return asked;
    const Lock lock(mutex_);
    const bool is_more = std::ranges::any_of(
        lanes_, [](const auto& entry) { return entry.second.to_ask || entry.second.is_asking; });
    if (!is_more) return {};
  }
}

bool HostGate::await_renewal() {
  Lock lock(mutex_);
  while (lanes_.empty() && !is_over_) changed_.wait(lock);
  const SteadyTime due = clock_.steady_now() + params_.renew_every;
  while (!is_over_ && clock_.steady_now() < due) changed_.wait_until(lock, due);
  while (!is_over_ && is_calling_) changed_.wait(lock);
  if (is_over_) return false;
  std::erase_if(lanes_, [](const auto& entry) {
    const Lane& lane = entry.second;
    const bool has_news = lane.need.failures > 0 || lane.need.leave_alone > Duration(0);
    return lane.in_use == 0 && lane.waiting == 0 && lane.slots == 0 && lane.most_wanted == 0 &&
           lane.need.slots_wanted == 0 && !has_news;
  });
  for (auto& [host, lane] : lanes_) lane.to_ask = true;
  return true;
}

void HostGate::renew() {
  while (await_renewal()) {
    // Where it fails, the next request that asks says so.
    [[maybe_unused]] const Status renewed = ask_all();
  }
}

}  // namespace waybill
