#include "services/hint_feed.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "services/guarded_thread.h"

namespace waybill {

HintFeed::HintFeed(Ports ports, HintFeedParams params)
    : ports_(std::move(ports)), params_(std::move(params)) {
  settler_ = guarded_thread("hint_settler", [this](const std::stop_token& stop) { settle(stop); });
  if (params_.queues.empty()) {
    looker_ = guarded_thread("hint_queues",
                             [this](const std::stop_token& stop) { look_for_queues(stop); });
  }
  const Lock lock(mutex_);
  for (const std::string& queue : params_.queues) add_lane(queue);
}

HintFeed::~HintFeed() {
  const SteadyTime until = ports_.clock.steady_now() + params_.end_time_max;
  const std::jthread cutter =
      guarded_thread("hint_cutter", [this, until](const std::stop_token& stop) {
        ports_.clock.wait_until(until, stop);
        if (!stop.stop_requested()) cut_.request_stop();
      });
  looker_ = {};   // none is added any more
  settler_ = {};  // while the lanes still have their connections
  std::vector<Lane*> lanes;
  {
    const Lock lock(mutex_);
    lanes = by_number_;
  }
  for (Lane* lane : lanes) lane->thread.request_stop();
  for (Lane* lane : lanes) lane->thread = {};
}

void HintFeed::add_lane(const std::string& queue) {
  const auto [entry, is_new] = lanes_.try_emplace(queue);
  if (!is_new) return;
  entry->second = std::make_unique<Lane>();
  Lane& lane = *entry->second;
  lane.queue = queue;
  lane.number = by_number_.size();
  by_number_.push_back(&lane);
  lane.thread = guarded_thread("hint_lane",
                               [this, &lane](const std::stop_token& stop) { serve(lane, stop); });
}

void HintFeed::look_for_queues(const std::stop_token& stop) {
  bool away = false;
  while (!stop.stop_requested()) {
    const auto counts = ports_.reader->counts();
    if (!counts && !away) log::warn("hint_queues_unknown", counts.error().message);
    away = !counts;
    if (counts) {
      const Lock lock(mutex_);
      for (const QueueCounts& count : *counts) add_lane(count.queue);
    }
    ports_.clock.wait_until(ports_.clock.steady_now() + params_.look_every, stop);
  }
}

std::optional<SteadyTime> HintFeed::idle_until(Lane& lane, SteadyTime now) {
  const SteadyTime stale_at =
      lane.hints.empty() ? kSteadyTimeMax : lane.first_at + params_.hold_max;
  const bool full = lane.hints.size() >= params_.in_hand;
  if (now >= stale_at || (lane.wanted && !full)) return std::nullopt;
  return stale_at;
}

void HintFeed::serve(Lane& lane, const std::stop_token& stop) {
  Duration pause = params_.backoff_first;
  while (!stop.stop_requested()) {
    const std::uint64_t seen = lane.bell.rung();
    const SteadyTime now = ports_.clock.steady_now();
    std::optional<SteadyTime> idle;
    bool stale = false;
    {
      const Lock lock(mutex_);
      idle = idle_until(lane, now);
      stale = !lane.hints.empty() && now >= lane.first_at + params_.hold_max;
    }
    if (stale) {
      give_back(lane, Source::keep_if_it_only_pulls);
    } else if (idle) {
      lane.bell.wait(seen, {.at = *idle, .stop = stop}, ports_.clock);
    } else if (const Status received = receive_some(lane, stop); received) {
      pause = params_.backoff_first;
    } else if (!stop.stop_requested()) {
      set_away(lane, received.error());
      const Duration wait = std::max(pause, received.error().retry_after.value_or(Duration(0)));
      ports_.clock.wait_until(ports_.clock.steady_now() + wait, stop);
      pause = std::min(2 * pause, params_.backoff_max);
    }
  }
  give_back(lane, Source::drop);
}

/// Sets it also when it is there again.
void HintFeed::set_away(Lane& lane, std::optional<Error> error) {
  bool was_away = false;
  {
    const Lock lock(mutex_);
    was_away = lane.away.has_value();
    lane.away = error;
    if (error) lane.source.reset();
  }
  if (error && !was_away) {
    log::warn("hints_away", error->message + "; the ledger is asked for tasks meanwhile",
              {{"queue", lane.queue}});
  } else if (error) {
    log::debug("hints_away", error->message, {{"queue", lane.queue}});
  } else if (was_away) {
    log::info("hints_back", "the broker sends hints again", {{"queue", lane.queue}});
  }
}

Status HintFeed::receive_some(Lane& lane, const std::stop_token& stop) {
  std::shared_ptr<Queue> source;
  std::size_t room = 0;
  SteadyTime until = ports_.clock.steady_now() + params_.poll_max;
  {
    const Lock lock(mutex_);
    source = lane.source;
    room = params_.in_hand - lane.hints.size();
    if (!lane.hints.empty()) until = std::min(until, lane.first_at + params_.hold_max);
  }
  if (!source) {
    auto opened = ports_.open(lane.queue, cut_.get_token());
    if (!opened) return fail(opened.error());
    source = std::move(*opened);
    const Lock lock(mutex_);
    lane.source = source;
    ++lane.connection;
  }
  auto received = source->receive(room, {.at = until, .stop = stop});
  if (!received) return fail(received.error());
  set_away(lane, std::nullopt);
  if (received->empty()) return {};
  {
    const Lock lock(mutex_);
    if (lane.hints.empty()) lane.first_at = ports_.clock.steady_now();
    std::ranges::move(*received, std::back_inserter(lane.hints));
  }
  ports_.bell.ring();
  return {};
}

/// Also the connection, where a broker pushes: it would push them to it again.
void HintFeed::give_back(Lane& lane, Source source_is) {
  std::vector<std::string> receipts;
  std::shared_ptr<Queue> source;
  {
    const Lock lock(mutex_);
    for (const Delivery& hint : lane.hints) receipts.push_back(hint.receipt);
    lane.hints.clear();
    lane.wanted = false;
    source = lane.source;
    const bool pulls = source && source->caps().expires;
    if (source_is == Source::drop || !pulls) lane.source.reset();
  }
  if (!source || receipts.empty()) return;
  if (const Status back = source->nack(receipts); !back) {
    log::debug("hints_not_given_back", back.error().message, {{"queue", lane.queue}});
  }
}

Result<std::vector<Status>> HintFeed::publish(std::span<const Message>) {
  return fail(Code::unimplemented, "a worker's hints are only received");
}

Status HintFeed::extend(std::span<const std::string>, Duration) {
  return fail(Code::unimplemented, "hints are settled at once");
}

Result<std::vector<Delivery>> HintFeed::receive(std::size_t limit, const Deadline&) {
  std::vector<Delivery> deliveries;
  std::optional<Error> away;
  const Lock lock(mutex_);
  for (std::size_t i = 0; i < by_number_.size(); ++i) {
    Lane& lane = *by_number_[(next_ + i) % by_number_.size()];
    const bool had_some = !lane.hints.empty();
    while (deliveries.size() < limit && !lane.hints.empty()) {
      Delivery hint = std::move(lane.hints.front());
      lane.hints.pop_front();
      hint.receipt =
          std::to_string(lane.number) + "." + std::to_string(lane.connection) + "." + hint.receipt;
      deliveries.push_back(std::move(hint));
    }
    if (lane.away && !away) away = lane.away;
    const bool asks = deliveries.size() < limit && !std::exchange(lane.wanted, true);
    if (asks || had_some) lane.bell.ring();
  }
  ++next_;
  if (deliveries.empty() && away) {
    return fail(with_context(*away, "receiving hints"));
  }
  return deliveries;
}

std::optional<HintFeed::Given> HintFeed::given(const std::string& receipt) const {
  std::array<std::uint64_t, 2> numbers{};
  const char* at = receipt.data();
  const char* end = at + receipt.size();
  for (std::uint64_t& number : numbers) {
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc{} || read.ptr == end || *read.ptr != '.') return std::nullopt;
    at = read.ptr + 1;
  }
  return Given{.lane = numbers[0], .connection = numbers[1], .receipt = std::string(at, end)};
}

Status HintFeed::ack(std::span<const std::string> receipts) {
  {
    const Lock lock(mutex_);
    for (const std::string& receipt : receipts) {
      if (auto read = given(receipt)) acks_.push_back(std::move(*read));
    }
  }
  settling_.ring();
  return {};
}

Status HintFeed::nack(std::span<const std::string> receipts) {
  const SteadyTime at = ports_.clock.steady_now() + params_.nack_after;
  {
    const Lock lock(mutex_);
    for (const std::string& receipt : receipts) {
      if (auto read = given(receipt)) nacks_.push_back({.at = at, .given = std::move(*read)});
    }
  }
  settling_.ring();
  return {};
}

void HintFeed::settle(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint64_t seen = settling_.rung();
    const SteadyTime next = settle_due(false);
    settling_.wait(seen, {.at = next, .stop = stop}, ports_.clock);
  }
  settle_due(true);
}

/// What belongs to a connection that is gone has been given back with it.
std::map<std::uint64_t, HintFeed::Settling> HintFeed::by_lane(const std::vector<Given>& all) {
  std::map<std::uint64_t, Settling> sorted;
  const Lock lock(mutex_);
  for (const Given& given : all) {
    if (given.lane >= by_number_.size()) continue;
    const Lane& lane = *by_number_[given.lane];
    if (!lane.source || lane.connection != given.connection) continue;
    // Of this very connection: on the next one the same receipt may be another delivery's.
    Settling& settling = sorted[given.lane];
    settling.queue = lane.queue;
    settling.source = lane.source;
    settling.receipts.push_back(given.receipt);
  }
  return sorted;
}

/// Answers when the next of those that were nacked is due.
SteadyTime HintFeed::settle_due(bool all) {
  const SteadyTime now = ports_.clock.steady_now();
  std::vector<Given> acks;
  std::vector<Given> nacks;
  SteadyTime next = kSteadyTimeMax;
  {
    const Lock lock(mutex_);
    acks.swap(acks_);
    std::erase_if(nacks_, [&](Nack& nack) {
      const bool due = all || nack.at <= now;
      if (due) nacks.push_back(std::move(nack.given));
      if (!due) next = std::min(next, nack.at);
      return due;
    });
  }
  const auto tell = [this](const std::vector<Given>& given,
                           Status (Queue::*say)(std::span<const std::string>)) {
    for (const auto& [lane, settling] : by_lane(given)) {
      const Status said = (settling.source.get()->*say)(settling.receipts);
      if (!said) log::warn("hints_not_settled", said.error().message, {{"queue", settling.queue}});
    }
  };
  tell(acks, &Queue::ack);
  tell(nacks, &Queue::nack);
  return next;
}

}  // namespace waybill
