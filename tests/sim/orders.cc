#include "tests/sim/orders.h"

#include <utility>

namespace waybill::sim {
namespace {

constexpr std::size_t kTakenTwiceMax = 200;

/// What a message is known by.
const std::string& key_of(const Message& message) {
  return message.id.empty() ? message.properties.correlation_id : message.id;
}

}  // namespace

Orders::Orders(Stage& stage, LedgerAuditor& auditor, Faults& faults, Rng rng,
               const QueueDisorder& wrong)
    : auditor_(auditor),
      queue_(stage, {.order = DeliveryOrder::shuffled, .seed = rng.next()}),
      refused_(stage),
      publishing_(queue_, faults),
      rng_(rng) {
  queue_.set_disorder(wrong);
}

ImportDefinition Orders::import() { return {.name = "orders", .queue = "orders"}; }

std::map<std::string, TaskDefinition> Orders::tasks() {
  TaskDefinition order{.name = "order", .kind = "work"};
  order.queue = "q1";
  return {{"order", order}};
}

Uuid Orders::fresh_id() {
  return uuid_v5(kTaskNamespace, "order/fresh/" + std::to_string(++fresh_));
}

Message Orders::invent() {
  const std::string number = std::to_string(++invented_);
  Message message{.id = "order-" + number, .body = R"({"number":)" + number + "}"};
  message.properties.type = "order";
  // Some have the id of a task of their own, some are known by their correlation_id alone.
  const double shape = rng_.unit();
  if (shape < 0.4) {
    Uuid own = uuid_v5(kTaskNamespace, "order/own/" + number);
    own.bytes[6] = static_cast<std::uint8_t>((own.bytes[6] & 0x0f) | 0x40);
    message.id = to_string(own);
  } else if (shape < 0.6) {
    std::swap(message.id, message.properties.correlation_id);
  }
  if (rng_.chance(0.15)) {
    if (rng_.chance(0.5)) {
      message.body.pop_back();
    } else {
      message.properties.type = "nobody's";
    }
    malformed_.insert(key_of(message));
  }
  return message;
}

void Orders::act() {
  if (pending_.empty()) {
    const std::uint64_t count = 1 + rng_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) pending_.push_back(invent());
    if (!taken_.empty() && rng_.chance(0.3)) pending_.push_back(taken_[rng_.below(taken_.size())]);
  }
  const auto answers = publishing_.publish(pending_);
  if (!answers) return;  // whether they were taken or not: they are published again
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if ((*answers)[i] && taken_.size() < kTakenTwiceMax) taken_.push_back(pending_[i]);
  }
  pending_.clear();
}

void Orders::accept(const TaskRequest& request) {
  if (request.created_by != "import:orders") return;
  ++tasks_[request.params];
}

void Orders::check() {
  std::set<std::string> aside;
  const auto refused = refused_.receive(SIZE_MAX, {});
  for (const Delivery& delivery : *refused) aside.insert(key_of(delivery.message));
  for (const Message& message : taken_) {
    const auto made = tasks_.find(message.body);
    const int count = made == tasks_.end() ? 0 : made->second;
    if (malformed_.contains(key_of(message))) {
      if (count == 0 && aside.contains(key_of(message))) continue;
      auditor_.report(Invariant::liveness, "malformed message " + key_of(message) +
                                               " was not set aside, or became a task");
    } else if (count == 0) {
      auditor_.report(Invariant::liveness, "message " + key_of(message) + " became no task");
    } else if (count > 1) {
      auditor_.report(Invariant::keys_apart,
                      "message " + key_of(message) + " became " + std::to_string(count) + " tasks");
    }
  }
}

}  // namespace waybill::sim
