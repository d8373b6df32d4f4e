#include "services/lease_keeper.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/log.h"
#include "services/guarded_thread.h"

namespace waybill {
namespace {

constexpr Duration kExtendAgain = std::chrono::seconds(1);

}  // namespace

LeaseKeeper::LeaseKeeper(Queue& queue, Clock& clock, const LeaseKeeperOptions& options)
    : queue_(queue), clock_(clock), options_(options) {
  thread_ =
      guarded_thread("lease_keeper", [this](const std::stop_token& closing) { serve(closing); });
}

LeaseKeeper::~LeaseKeeper() = default;

LeaseKeeper::Held::Held(LeaseKeeper& keeper, const Delivery& delivery, std::string id)
    : keeper_(keeper) {
  const SteadyTime now = keeper.clock_.steady_now();
  const Duration first = keeper.options_.first_lease;
  {
    const Lock lock(keeper.mutex_);
    Entry entry{.number = ++keeper.last_, .receipt = delivery.receipt, .id = std::move(id)};
    number_ = entry.number;
    // Nobody knows an end that comes before the first extension is answered.
    entry.lease_until = now + (first > Duration(0) ? first : keeper.options_.lease);
    entry.extend_at = now + first / 2;
    entry.run_until = keeper.options_.run_time_max > Duration(0)
                          ? now + keeper.options_.run_time_max
                          : kSteadyTimeMax;
    if (keeper.stopped_) {
      entry.why = HeldStop::worker_stops;
      entry.stop.request_stop();
    }
    keeper.held_.push_back(std::move(entry));
  }
  keeper.bell_.ring();
}

std::stop_token LeaseKeeper::Held::stop() const {
  const Lock lock(keeper_.mutex_);
  const Entry* entry = keeper_.find(number_);
  return entry == nullptr ? std::stop_token() : entry->stop.get_token();
}

HeldStop LeaseKeeper::Held::why_stopped() const {
  const Lock lock(keeper_.mutex_);
  const Entry* entry = keeper_.find(number_);
  return entry == nullptr ? HeldStop::none : entry->why;
}

void LeaseKeeper::Held::release() {
  Lock lock(keeper_.mutex_);
  // An extension that overtook the ack, or a give-back, would undo it.
  while (keeper_.extending_ == number_) keeper_.settled_.wait(lock);
  std::erase_if(keeper_.held_, [&](const Entry& entry) { return entry.number == number_; });
}

void LeaseKeeper::stop_all() {
  std::vector<std::uint64_t> numbers;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    for (const Entry& entry : held_) numbers.push_back(entry.number);
  }
  for (const std::uint64_t number : numbers) stop_one(number, HeldStop::worker_stops);
}

void LeaseKeeper::serve(const std::stop_token& closing) {
  while (!closing.stop_requested()) {
    const std::uint64_t seen = bell_.rung();
    const SteadyTime next = keep();
    bell_.wait(seen, {.at = next, .stop = closing}, clock_);
  }
}

SteadyTime LeaseKeeper::keep() {
  const SteadyTime now = clock_.steady_now();
  std::vector<Entry> due;
  {
    const Lock lock(mutex_);
    for (const Entry& entry : held_) {
      if (entry.why == HeldStop::lost) continue;
      if (entry.extend_at <= now || entry.run_until <= now) due.push_back(entry);
    }
  }
  for (const Entry& entry : due) {
    if (entry.run_until <= now) stop_one(entry.number, HeldStop::timed_out);
    if (entry.extend_at <= now) keep_one(entry);
  }
  const Lock lock(mutex_);
  SteadyTime next = kSteadyTimeMax;
  for (const Entry& entry : held_) {
    if (entry.why == HeldStop::lost) continue;
    next = std::min({next, entry.extend_at, entry.run_until});
  }
  return next;
}

void LeaseKeeper::keep_one(const Entry& due) {
  {
    const Lock lock(mutex_);
    if (find(due.number) == nullptr) return;
    extending_ = due.number;
  }
  const SteadyTime asked_at = clock_.steady_now();
  const Status extended = queue_.extend(std::array{due.receipt}, options_.lease);
  const SteadyTime now = clock_.steady_now();
  bool lost = false;
  {
    const Lock lock(mutex_);
    extending_ = 0;
    settled_.notify_all();
    Entry* entry = find(due.number);
    if (extended) {
      entry->lease_until = asked_at + options_.lease;
      entry->extend_at = asked_at + options_.lease / 2;
    } else {
      lost = extended.error().code == Code::not_found || now >= entry->lease_until;
      entry->extend_at = std::min(now + kExtendAgain, entry->lease_until);
    }
  }
  if (extended) return log::debug("lease_extended", "", {{"message", due.id}});
  if (!lost) {
    return log::warn("lease_not_extended", extended.error().message + "; asking again",
                     {{"message", due.id}});
  }
  log::warn("lease_lost",
            extended.error().message + "; its run is stopped, since another may have it by now",
            {{"message", due.id}});
  stop_one(due.number, HeldStop::lost);
}

void LeaseKeeper::stop_one(std::uint64_t number, HeldStop why) {
  std::optional<std::stop_source> stop;
  {
    const Lock lock(mutex_);
    Entry* entry = find(number);
    if (entry == nullptr) return;
    entry->why = std::max(entry->why, why);
    if (why == HeldStop::timed_out) entry->run_until = kSteadyTimeMax;
    stop.emplace(entry->stop);
  }
  stop->request_stop();  // calls out
}

LeaseKeeper::Entry* LeaseKeeper::find(std::uint64_t number) {
  const auto found = std::ranges::find(held_, number, &Entry::number);
  return found == held_.end() ? nullptr : &*found;
}

const LeaseKeeper::Entry* LeaseKeeper::find(std::uint64_t number) const {
  const auto found = std::ranges::find(held_, number, &Entry::number);
  return found == held_.end() ? nullptr : &*found;
}

}  // namespace waybill
