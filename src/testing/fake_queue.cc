#include "testing/fake_queue.h"

#include <algorithm>

namespace waybill {

FakeQueue::FakeQueue(Clock& clock, FakeQueueOptions options)
    : clock_(clock), options_(options), rng_(options.seed) {}

QueueCaps FakeQueue::caps() const {
  return {.ordered = options_.order == DeliveryOrder::first_in_first_out,
          .keeps_properties = true,
          .messages_max = options_.messages_max,
          .body_bytes_max = options_.body_bytes_max};
}

Result<std::vector<Status>> FakeQueue::publish(std::span<const Message> messages) {
  std::vector<Status> answers;
  {
    const Lock lock(mutex_);
    for (const Message& message : messages) {
      if (message.body.size() > options_.body_bytes_max) {
        answers.push_back(
            fail(Code::invalid_argument,
                 "message " + message.id + " has a body of " + std::to_string(message.body.size()) +
                     " bytes; the queue takes " + std::to_string(options_.body_bytes_max)));
      } else if (entries_.size() >= options_.messages_max) {
        answers.push_back(fail(Code::resource_exhausted,
                               "the queue is full: it holds " + std::to_string(entries_.size()) +
                                   " messages; publish again when some were taken"));
      } else {
        entries_.push_back({.message = message});
        if (happens(disorder_.doubles)) {
          entries_.push_back({.message = message});
          ++disorders_.doubled;
        }
        answers.emplace_back();
      }
    }
  }
  bell_.ring();
  return answers;
}

Result<std::vector<Delivery>> FakeQueue::receive(std::size_t limit, const Deadline& deadline) {
  for (;;) {
    const std::uint64_t seen = bell_.rung();
    const SteadyTime now = clock_.steady_now();
    Deadline next = deadline;
    {
      const Lock lock(mutex_);
      std::vector<Delivery> deliveries = take(limit, now);
      if (!deliveries.empty() || limit == 0) return deliveries;
      next.at = std::min(deadline.at, first_visible_again());
    }
    const bool in_vain = bell_.wait(seen, next, clock_) == Bell::Woken::in_vain;
    const bool over = deadline.stop_requested() || clock_.steady_now() >= deadline.at;
    if (in_vain && over) return std::vector<Delivery>{};
  }
}

std::vector<Delivery> FakeQueue::take(std::size_t limit, SteadyTime now) {
  std::vector<Entry*> visible;
  for (Entry& entry : entries_) {
    if (entry.hidden_until <= now) visible.push_back(&entry);
  }
  std::vector<Delivery> deliveries;
  for (std::size_t i = 0; i < visible.size() && deliveries.size() < limit; ++i) {
    if (options_.order == DeliveryOrder::shuffled) {
      std::swap(visible[i], visible[i + rng_.below(visible.size() - i)]);
    }
    Entry& entry = *visible[i];
    entry.receipt = "delivery-" + std::to_string(++deliveries_);
    if (happens(disorder_.redelivers)) {
      ++disorders_.redelivered;
    } else {
      entry.hidden_until = now + options_.visibility;
    }
    deliveries.push_back({.message = entry.message,
                          .receipt = entry.receipt,
                          .delivery_count = ++entry.delivery_count});
  }
  return deliveries;
}

SteadyTime FakeQueue::first_visible_again() const {
  SteadyTime first = kSteadyTimeMax;
  for (const Entry& entry : entries_) first = std::min(first, entry.hidden_until);
  return first;
}

FakeQueue::Entries::iterator FakeQueue::held(const std::string& receipt, SteadyTime now) {
  return std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.receipt == receipt && entry.hidden_until > now;
  });
}

Status FakeQueue::ack(std::span<const std::string> receipts) {
  const SteadyTime now = clock_.steady_now();
  const Lock lock(mutex_);
  for (const std::string& receipt : receipts) {
    const auto entry = held(receipt, now);
    if (entry == entries_.end()) continue;
    if (happens(disorder_.loses_acks)) {
      ++disorders_.acks_lost;
    } else {
      entries_.erase(entry);
    }
  }
  return {};
}

Status FakeQueue::nack(std::span<const std::string> receipts) {
  const SteadyTime now = clock_.steady_now();
  {
    const Lock lock(mutex_);
    for (const std::string& receipt : receipts) {
      const auto entry = held(receipt, now);
      if (entry != entries_.end()) entry->hidden_until = now;
    }
  }
  bell_.ring();
  return {};
}

Status FakeQueue::extend(std::span<const std::string> receipts, Duration visibility) {
  const SteadyTime now = clock_.steady_now();
  const Lock lock(mutex_);
  Status answer;
  for (const std::string& receipt : receipts) {
    const auto entry = held(receipt, now);
    if (entry == entries_.end()) {
      answer = fail(Code::not_found, "the time of receipt " + receipt + " is over");
    } else {
      entry->hidden_until = now + visibility;
    }
  }
  return answer;
}

std::size_t FakeQueue::size() const {
  const Lock lock(mutex_);
  return entries_.size();
}

void FakeQueue::set_disorder(const QueueDisorder& disorder) {
  const Lock lock(mutex_);
  disorder_ = disorder;
}

QueueDisorders FakeQueue::disorders() const {
  const Lock lock(mutex_);
  return disorders_;
}

void FakeQueue::lose_all() {
  const Lock lock(mutex_);
  entries_.clear();
}

}  // namespace waybill
