#include "services/replay.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "core/message_form.h"

namespace waybill {
namespace {

constexpr std::size_t kReceivedAtOnce = 100;
constexpr std::string_view kRejected = "waybill-rejected-";

/// `a.b` in an object; null if there is none. A field that is itself called `a.b` comes first.
const boost::json::value* find_field(const boost::json::value& value, std::string_view path) {
  const auto* object = value.if_object();
  if (object == nullptr) return nullptr;
  if (const auto* whole = object->if_contains(path)) return whole;
  const std::size_t dot = path.find('.');
  if (dot == path.npos) return nullptr;
  const auto* inner = object->if_contains(path.substr(0, dot));
  return inner == nullptr ? nullptr : find_field(*inner, path.substr(dot + 1));
}

std::string text_of(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  return json::serialize(value);
}

std::string attribute_of(const Message& message, std::string_view name) {
  for (const auto& [key, value] : message.attributes) {
    if (key == name) return value;
  }
  return "";
}

/// The broker's word, else that of the worker that rejected it.
Time time_of(const Delivery& delivery) {
  if (delivery.published_at != Time{}) return delivery.published_at;
  return parse_time(attribute_of(delivery.message, "waybill-rejected-at")).value_or(Time{});
}

ReplayedMessage about(const Delivery& delivery) {
  const auto facts = read_message(MessageForm::json, delivery.message.body);
  return {.id = facts && !facts->trace_id.empty() ? facts->trace_id : delivery.message.id,
          .published_at = time_of(delivery),
          .bytes = delivery.message.body.size(),
          .reason = attribute_of(delivery.message, "waybill-rejected-reason")};
}

}  // namespace

bool matches(const std::vector<std::pair<std::string, std::string>>& fields,
             const std::string& body) {
  if (fields.empty()) return true;
  const auto value = json::parse(body);
  if (!value) return false;
  return std::ranges::all_of(fields, [&](const auto& field) {
    const auto* found = find_field(*value, field.first);
    return found != nullptr && text_of(*found) == field.second;
  });
}

Replay::Replay(Queue& from, Queue& to, Clock& clock, ReplayOptions options)
    : from_(from), to_(to), clock_(clock), options_(std::move(options)) {}

std::size_t Replay::limit_left() const {
  return options_.limit == 0 ? SIZE_MAX : options_.limit - moved_;
}

bool Replay::is_meant(const Delivery& delivery) const {
  const ReplayFilter& filter = options_.filter;
  if (filter.older_than || filter.newer_than) {
    const Time published_at = time_of(delivery);
    if (published_at == Time{}) return false;
    const Duration age = clock_.now() - published_at;
    if (filter.older_than && age < *filter.older_than) return false;
    if (filter.newer_than && age > *filter.newer_than) return false;
  }
  return matches(filter.match, delivery.message.body);
}

Result<ReplayReport> Replay::run(const Deadline& deadline) {
  extend_at_ = clock_.steady_now() + options_.lease / 2;
  Status status;
  while (status && limit_left() > 0) {
    if (deadline.stop_requested() || received_ >= options_.looked_at) {
      report_.complete = false;
      break;
    }
    // No more than can be moved, and half a lease is not waited through.
    const std::size_t many =
        std::min({kReceivedAtOnce, options_.looked_at - received_, limit_left()});
    const SteadyTime until = std::min(clock_.steady_now() + options_.idle, extend_at_);
    const bool whole_wait = until < extend_at_;
    auto deliveries = from_.receive(many, {.at = until, .stop = deadline.stop});
    if (!deliveries) {
      status = fail(with_context(deliveries.error(), "receiving messages"));
      break;
    }
    if (deliveries->empty() && whole_wait && !deadline.stop_requested()) break;
    status = take(std::move(*deliveries));
    extend_held();
  }
  give_back();
  if (!status) return fail(status.error());
  return std::move(report_);
}

Status Replay::take(std::vector<Delivery> deliveries) {
  std::vector<Delivery> meant;
  for (Delivery& delivery : deliveries) {
    const bool again =
        !delivery.message.id.empty() && from_.caps().expires &&
        !seen_.insert(uuid_v5(kTaskNamespace, delivery.message.id + "\n" + delivery.message.body))
             .second;
    if (again) {  // its time was over while it was held
      held_.push_back(delivery.receipt);
      continue;
    }
    ++received_;
    if (is_meant(delivery)) {
      meant.push_back(std::move(delivery));
    } else {
      ++report_.passed_over;
      held_.push_back(delivery.receipt);
    }
  }
  return meant.empty() ? Status() : move(meant);
}

Status Replay::move(const std::vector<Delivery>& meant) {
  if (options_.mode == ReplayMode::dry_run) {
    for (const Delivery& delivery : meant) {
      report_.messages.push_back(about(delivery));
      held_.push_back(delivery.receipt);
    }
    moved_ += meant.size();
    return {};
  }
  std::vector<Message> messages;
  for (const Delivery& delivery : meant) {
    messages.push_back(delivery.message);
    std::erase_if(messages.back().attributes,
                  [](const auto& attribute) { return attribute.first.starts_with(kRejected); });
    // A broker that knows the id would drop the message, which is then acked: lost.
    if (to_.caps().deduplicates) {
      messages.back().id += "-replay-" + std::to_string(to_micros(clock_.now()));
    }
  }
  const auto answers = to_.publish(messages);
  if (!answers) {
    for (const Delivery& delivery : meant) held_.push_back(delivery.receipt);
    return fail(with_context(answers.error(), "publishing messages"));
  }
  std::vector<std::string> confirmed;
  for (std::size_t i = 0; i < meant.size(); ++i) {
    ReplayedMessage said = about(meant[i]);
    if ((*answers)[i]) {
      confirmed.push_back(meant[i].receipt);
    } else {
      held_.push_back(meant[i].receipt);
      said.outcome = ReplayOutcome::failed;
      said.reason = (*answers)[i].error().message;
    }
    report_.messages.push_back(std::move(said));
  }
  moved_ += meant.size();
  if (confirmed.empty()) return {};
  const Status acked = from_.ack(confirmed);
  if (acked) return {};
  return fail(with_context(
      acked.error(), std::to_string(confirmed.size()) +
                         " messages were published but not acked, so they are in both queues"));
}

void Replay::extend_held() {
  const SteadyTime now = clock_.steady_now();
  if (now < extend_at_) return;
  extend_at_ = now + options_.lease / 2;
  if (held_.empty()) return;
  const Status extended = from_.extend(held_, options_.lease);
  if (!extended) log::warn("lease_not_extended", extended.error().message);
}

void Replay::give_back() {
  if (held_.empty()) return;
  const Status given = from_.nack(held_);
  if (!given) {
    log::warn("give_back_failed",
              given.error().message + "; they are seen again when their time is over");
  }
}

}  // namespace waybill
