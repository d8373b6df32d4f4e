#include "adapters/local/queue.h"

#include <algorithm>
#include <charconv>

namespace waybill {

LocalQueue::LocalQueue(Clock& clock, const LocalQueueOptions& options)
    : clock_(clock), options_(options) {}

QueueCaps LocalQueue::caps() const {
  return {.ordered = true,
          .messages_max = options_.messages_max,
          .body_bytes_max = options_.body_bytes_max};
}

Result<std::vector<Status>> LocalQueue::publish(std::span<const Message> messages) {
  std::vector<Status> answers;
  answers.reserve(messages.size());
  {
    const Lock lock(mutex_);
    for (const Message& message : messages) answers.push_back(accept(message));
  }
  bell_.ring();
  return answers;
}

Status LocalQueue::accept(const Message& message) {
  if (message.body.size() > options_.body_bytes_max) {
    return fail(Code::invalid_argument, "the body of message " + message.id + " has " +
                                            std::to_string(message.body.size()) +
                                            " bytes; this queue takes at most " +
                                            std::to_string(options_.body_bytes_max));
  }
  if (visible_.size() + held_.size() >= options_.messages_max) {
    return fail(Code::resource_exhausted, "the local queue is full with " +
                                              std::to_string(options_.messages_max) +
                                              " messages; publish again when some are done");
  }
  visible_.push_back({.message = message});
  return {};
}

Result<std::vector<Delivery>> LocalQueue::receive(std::size_t limit, const Deadline& deadline) {
  for (;;) {
    const std::uint64_t rung = bell_.rung();
    const SteadyTime now = clock_.steady_now();
    Deadline next = deadline;
    {
      const Lock lock(mutex_);
      std::vector<Delivery> deliveries = take(limit, now);
      const bool over = limit == 0 || now >= deadline.at || deadline.stop_requested();
      if (!deliveries.empty() || over) return deliveries;
      if (!held_until_.empty()) next.at = std::min(next.at, held_until_.begin()->first);
    }
    bell_.wait(rung, next, clock_);
  }
}

std::vector<Delivery> LocalQueue::take(std::size_t limit, SteadyTime now) {
  expire(now);
  std::vector<Delivery> deliveries;
  while (deliveries.size() < limit && !visible_.empty()) {
    Entry entry = std::move(visible_.front());
    visible_.pop_front();
    const Receipt receipt = ++last_receipt_;
    deliveries.push_back({.message = entry.message,
                          .receipt = std::to_string(receipt),
                          .delivery_count = ++entry.delivery_count});
    const SteadyTime until = now + options_.visibility;
    held_.emplace(receipt, Held{.entry = std::move(entry), .until = until});
    held_until_.emplace(until, receipt);
  }
  return deliveries;
}

void LocalQueue::expire(SteadyTime now) {
  std::vector<Receipt> over;
  for (const auto& [until, receipt] : held_until_) {
    if (until > now) break;
    over.push_back(receipt);
  }
  // Each goes to the front, so the last is given back first: the oldest is delivered first again.
  for (auto receipt = over.rbegin(); receipt != over.rend(); ++receipt) {
    give_back(held_.find(*receipt));
  }
}

void LocalQueue::give_back(HeldEntries::iterator held) {
  held_until_.erase({held->second.until, held->first});
  visible_.push_front(std::move(held->second.entry));
  held_.erase(held);
}

LocalQueue::HeldEntries::iterator LocalQueue::find(const std::string& receipt) {
  Receipt number = 0;
  const char* end = receipt.data() + receipt.size();
  const auto [stop, error] = std::from_chars(receipt.data(), end, number);
  return error == std::errc{} && stop == end ? held_.find(number) : held_.end();
}

Status LocalQueue::ack(std::span<const std::string> receipts) {
  const SteadyTime now = clock_.steady_now();
  const Lock lock(mutex_);
  expire(now);
  for (const std::string& receipt : receipts) {
    const auto held = find(receipt);
    if (held == held_.end()) continue;
    held_until_.erase({held->second.until, held->first});
    held_.erase(held);
  }
  return {};
}

Status LocalQueue::nack(std::span<const std::string> receipts) {
  {
    const Lock lock(mutex_);
    for (auto receipt = receipts.rbegin(); receipt != receipts.rend(); ++receipt) {
      if (const auto held = find(*receipt); held != held_.end()) give_back(held);
    }
  }
  bell_.ring();
  return {};
}

Status LocalQueue::extend(std::span<const std::string> receipts, Duration visibility) {
  const SteadyTime now = clock_.steady_now();
  const Lock lock(mutex_);
  expire(now);
  Status answer;
  for (const std::string& receipt : receipts) {
    const auto held = find(receipt);
    if (held == held_.end()) {
      answer = fail(Code::not_found, "the time of receipt " + receipt +
                                         " is over: others may have the message by now");
      continue;
    }
    held_until_.erase({held->second.until, held->first});
    held->second.until = now + visibility;
    held_until_.emplace(held->second.until, held->first);
  }
  return answer;
}

}  // namespace waybill
