#include "services/message_worker.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/utf8.h"
#include "services/guarded_thread.h"

namespace waybill {
namespace {

constexpr Duration kReceivePauseFirst = std::chrono::seconds(1);
constexpr Duration kReceivePauseMax = std::chrono::seconds(30);
/// A broker that asks to be left alone for longer is asked all the same.
constexpr Duration kAskedPauseMax = std::chrono::minutes(10);
constexpr Duration kRetryDelayMax = std::chrono::minutes(10);  // what Pub/Sub hides a message for
constexpr std::size_t kReasonBytesMax = 1000;

/// What asking again mends.
bool is_mended_by_asking(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::not_found:
    case Code::permission_denied:
    case Code::unauthenticated:
    case Code::failed_precondition:
    case Code::unimplemented:
      return false;
    default:
      return true;
  }
}

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// The message as it goes to the rejected topic: byte for byte, with why and when.
Message rejected_copy(const Delivery& delivery, std::string_view reason, Time now) {
  Message copy = delivery.message;
  std::erase_if(copy.attributes, [](const auto& attribute) {
    return attribute.first.starts_with("waybill-rejected-");
  });
  copy.attributes.emplace_back("waybill-rejected-at", format_time(now));
  copy.attributes.emplace_back("waybill-rejected-reason",
                               std::string(utf8_prefix(reason, kReasonBytesMax)));
  return copy;
}

/// What a queue answers to one message.
Status publish_one(Queue& queue, const Message& message) {
  const auto answers = queue.publish(std::array{message});
  if (!answers) return fail(answers.error());
  return answers->front();
}

/// With why and when, where the topic takes that: attributes count towards the limits of a message,
/// and one that is only just within them would else come back for ever.
Status publish_rejected(Queue& rejected, const Delivery& delivery, std::string_view reason,
                        Time now) {
  Status published = publish_one(rejected, rejected_copy(delivery, reason, now));
  if (published || published.error().code != Code::invalid_argument) return published;
  return publish_one(rejected, delivery.message);
}

}  // namespace

MessageWorker::MessageWorker(const MessageWorkerPorts& ports, const MessageWorkerOptions& options)
    : ports_(ports),
      options_(options),
      keeper_(ports.from, ports.clock,
              {.lease = options.lease,
               .first_lease = options.first_lease,
               .run_time_max = options.run_time_max}) {}

Result<MessageCounts> MessageWorker::run(const WorkerStops& stops) {
  finish_ = stops.finish;
  abort_ = stops.abort;
  if (options_.lifetime > Duration(0)) {
    take_until_ = ports_.clock.steady_now() + options_.lifetime;
  }
  const std::stop_callback finishing(stops.finish, [this] {
    log::info("worker_finishing", "asked to end: finishing what is in hand, taking no more",
              {{"in_hand", busy_.load()}});
    end();
  });
  const std::stop_callback aborting(stops.abort, [this] {
    log::info("worker_stopping", "asked again: stopping what is in hand, to give it back");
    end();
    keeper_.stop_all();
  });
  {
    std::vector<std::jthread> others;
    const std::size_t slots = options_.end == WorkerEnd::after_one ? 1 : options_.concurrency;
    for (std::size_t i = 1; i < slots; ++i) {
      others.push_back(
          guarded_thread("message_worker", [this](const std::stop_token&) { serve(); }));
    }
    serve();
  }
  const Lock lock(mutex_);
  if (failure_) return fail(*failure_);
  return counts_;
}

void MessageWorker::end() { taking_.request_stop(); }

void MessageWorker::fail_with(Error error) {
  {
    const Lock lock(mutex_);
    if (!failure_) failure_ = std::move(error);
  }
  end();
}

void MessageWorker::serve() {
  Duration pause = kReceivePauseFirst;
  while (!taking_.stop_requested()) {
    const SteadyTime now = ports_.clock.steady_now();
    if (now >= take_until_) return;
    const bool waits_little = options_.end == WorkerEnd::when_empty;
    const SteadyTime until = waits_little ? now + options_.idle : kSteadyTimeMax;
    const auto deliveries =
        ports_.from.receive(1, {.at = std::min(until, take_until_), .stop = taking_.get_token()});
    if (!deliveries) {
      if (!survives(deliveries.error(), pause)) return;
      continue;
    }
    pause = kReceivePauseFirst;
    if (deliveries->empty()) {
      if (waits_little && busy_ == 0) end();
      continue;
    }
    ++busy_;
    for (const Delivery& delivery : *deliveries) handle(delivery);
    --busy_;
    if (options_.end == WorkerEnd::after_one) end();
  }
}

bool MessageWorker::survives(const Error& error, Duration& pause) {
  if (taking_.stop_requested()) return false;
  if (options_.end != WorkerEnd::never || !is_mended_by_asking(error.code)) {
    fail_with(with_context(error, "receiving messages"));
    return false;
  }
  const Duration asked = std::min(error.retry_after.value_or(Duration(0)), kAskedPauseMax);
  const Duration wait = std::max(pause, asked);
  log::warn("receive_failed", error.message + "; asking again in " + format_duration(wait));
  ports_.clock.wait_until(ports_.clock.steady_now() + wait, taking_.get_token());
  pause = std::min(2 * pause, kReceivePauseMax);
  return true;
}

void MessageWorker::handle(const Delivery& delivery) {
  const auto facts = read_message(options_.form, delivery.message.body);
  const std::string id = facts && !facts->trace_id.empty() ? facts->trace_id : delivery.message.id;
  if (finish_.stop_requested()) {  // it came while somebody asked for the end
    LeaseKeeper::Held held(keeper_, delivery, id);
    return give_back(delivery, held, GiveBack::at_once);
  }
  if (!facts) {
    LeaseKeeper::Held held(keeper_, delivery, id);
    return reject(delivery, id, held, "malformed: " + facts.error().message);
  }
  work_on(delivery, *facts, id);
}

void MessageWorker::work_on(const Delivery& delivery, const MessageFacts& facts,
                            const std::string& id) {
  LeaseKeeper::Held held(keeper_, delivery, id);
  if (!enter(id, held.stop())) return settle(delivery, id, held, {MessageVerdict::stopped, ""});
  if (is_done(id)) {
    leave(id);
    log::info("duplicate_dropped", "a message with this id was done before", {{"message", id}});
    held.release();
    if (const Status acked = ports_.from.ack(std::array{delivery.receipt}); !acked) {
      log::warn("ack_failed", acked.error().message, {{"message", id}});
    }
    const Lock lock(mutex_);
    ++counts_.duplicates;
    return;
  }
  log::debug("message_started", "", {{"message", id}, {"attempt", delivery.delivery_count}});
  const SteadyTime began = ports_.clock.steady_now();
  const MessageEnd end = ports_.handler.handle({delivery, id, held.stop()});
  const Duration took = ports_.clock.steady_now() - began;
  static constexpr std::string_view kVerdicts[] = {"done", "try_again", "reject", "stopped",
                                                   "unable"};
  log::info("message_handled", end.reason,
            {{"message", id},
             {"verdict", kVerdicts[static_cast<std::size_t>(end.verdict)]},
             {"task", facts.task},
             {"aggregation_id", facts.aggregation_id},
             {"attempt", delivery.delivery_count},
             {"took_seconds", in_seconds(took)}});
  settle(delivery, id, held, end);
  leave(id);
}

void MessageWorker::settle(const Delivery& delivery, const std::string& id, LeaseKeeper::Held& held,
                           const MessageEnd& end) {
  const HeldStop why = held.why_stopped();
  if (end.verdict == MessageVerdict::done) return finish(delivery, id, held);
  if (why == HeldStop::lost) {
    const Lock lock(mutex_);
    ++counts_.lost;
    return;
  }
  switch (end.verdict) {
    case MessageVerdict::reject:
      return reject(delivery, id, held, end.reason);
    case MessageVerdict::unable:
      give_back(delivery, held, GiveBack::at_once);
      return fail_with({.code = Code::failed_precondition, .message = end.reason});
    case MessageVerdict::stopped:
      if (why == HeldStop::timed_out) {
        log::warn("run_timed_out",
                  "it ran longer than " + format_duration(options_.run_time_max) +
                      " and was stopped; it is tried again",
                  {{"message", id}});
      }
      return give_back(delivery, held,
                       why == HeldStop::worker_stops ? GiveBack::at_once : GiveBack::later);
    default:
      return give_back(delivery, held, GiveBack::later);
  }
}

void MessageWorker::finish(const Delivery& delivery, const std::string& id,
                           LeaseKeeper::Held& held) {
  // Before the ack: should that be lost, the message comes again and is known.
  if (ports_.done != nullptr && !id.empty()) {
    if (const Status added = ports_.done->add(id); !added) {
      log::warn("done_id_not_kept", added.error().message, {{"message", id}});
    }
  }
  held.release();
  if (const Status acked = ports_.from.ack(std::array{delivery.receipt}); !acked) {
    log::warn("ack_failed", acked.error().message + "; it will come again", {{"message", id}});
  }
  const Lock lock(mutex_);
  ++counts_.done;
}

void MessageWorker::reject(const Delivery& delivery, const std::string& id, LeaseKeeper::Held& held,
                           const std::string& reason) {
  if (ports_.rejected == nullptr) {
    log::warn("message_not_rejected",
              "there is no rejected topic, so it goes back to the queue; " + reason,
              {{"message", id}, {"attempt", delivery.delivery_count}});
    return give_back(delivery, held, GiveBack::later);
  }
  const Status published = publish_rejected(*ports_.rejected, delivery, reason, ports_.clock.now());
  if (!published) {
    log::error("reject_failed",
               "it could not be published to the rejected topic and goes back to the queue: " +
                   published.error().message,
               {{"message", id}, {"reason", reason}});
    return give_back(delivery, held, GiveBack::later);
  }
  log::warn("message_rejected", reason, {{"message", id}, {"attempt", delivery.delivery_count}});
  held.release();
  if (const Status acked = ports_.from.ack(std::array{delivery.receipt}); !acked) {
    log::warn("ack_failed", acked.error().message + "; it will come again", {{"message", id}});
  }
  const Lock lock(mutex_);
  ++counts_.rejected;
}

Duration MessageWorker::retry_delay(const Delivery& delivery) const {
  Duration delay = options_.retry_delay;
  const std::uint32_t before = ports_.from.caps().counts_deliveries ? delivery.delivery_count : 1;
  for (std::uint32_t i = 1; i < before && delay < kRetryDelayMax; ++i) delay *= 2;
  return std::min(delay, std::max(kRetryDelayMax, options_.retry_delay));
}

void MessageWorker::give_back(const Delivery& delivery, LeaseKeeper::Held& held, GiveBack when) {
  const Duration delay = when == GiveBack::later ? retry_delay(delivery) : Duration(0);
  const bool hides = ports_.from.caps().expires;
  if (delay > Duration(0) && !hides) {
    ports_.clock.wait_until(ports_.clock.steady_now() + delay, taking_.get_token());
  }
  held.release();
  const std::array receipts = {delivery.receipt};
  const Status given = delay > Duration(0) && hides ? ports_.from.extend(receipts, delay)
                                                    : ports_.from.nack(receipts);
  // Otherwise it comes again when its lease is over.
  if (!given && given.error().code != Code::not_found) {
    log::warn("give_back_failed", given.error().message, {{"message", delivery.message.id}});
  }
  const Lock lock(mutex_);
  ++counts_.given_back;
}

bool MessageWorker::enter(const std::string& id, const std::stop_token& stop) {
  if (id.empty()) return true;
  for (;;) {
    const std::uint64_t seen = left_.rung();
    {
      const Lock lock(mutex_);
      if (in_hand_.insert(id).second) return true;
    }
    left_.wait(seen, {.stop = stop}, ports_.clock);
    if (stop.stop_requested()) return false;
  }
}

void MessageWorker::leave(const std::string& id) {
  {
    const Lock lock(mutex_);
    in_hand_.erase(id);
  }
  left_.ring();
}

bool MessageWorker::is_done(const std::string& id) {
  if (ports_.done == nullptr || id.empty()) return false;
  const auto found = ports_.done->contains(id);
  if (found) return *found;
  log::warn("done_ids_not_read", found.error().message, {{"message", id}});
  return false;
}

}  // namespace waybill
