#include "adapters/amqp/queue.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <utility>

#include "adapters/amqp/delivery.h"
#include "adapters/amqp/reply.h"
#include "adapters/amqp/topology.h"
#include "base/log.h"
#include "base/utf8.h"

namespace waybill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kShortBytesMax = 255;  // of a short string
constexpr Duration kPauseFirst = milliseconds(100);
constexpr Duration kPauseMax = seconds(30);
constexpr int kPublishAttempts = 3;
// Other receivers may take what wakes this one, and a stop wakes nobody.
constexpr milliseconds kLook(50);
/// Between two looks for whether a connection wants heartbeats, and how often: one that comes
/// meanwhile may want them more often than we do.
constexpr Duration kPulseMax = std::chrono::seconds(1);

bool may_pass(Code code) { return code == Code::unavailable || code == Code::deadline_exceeded; }

Status given_up(const Error& error) {
  if (error.code == Code::cancelled) return fail(error);
  return fail(Code::cancelled, "asked to stop before the broker confirmed: publish it again (" +
                                   error.message + ")");
}

/// Waits a little for the socket to have something.
void wait_for(const amqp::Connection& connection, Duration time) {
  pollfd readable{.fd = connection.socket(), .events = POLLIN, .revents = 0};
  const auto rounded =
      std::chrono::ceil<milliseconds>(std::clamp<Duration>(time, Duration(0), kLook));
  ::poll(&readable, 1, static_cast<int>(rounded.count()));
}

}  // namespace

AmqpQueue::AmqpQueue(Clock& clock, AmqpOptions options)
    : clock_(clock), options_(std::move(options)) {}

AmqpQueue::~AmqpQueue() = default;

QueueCaps AmqpQueue::caps() const {
  return {.durable = true,
          .ordered = true,
          .receives = !options_.queue.empty(),
          .expires = false,
          .keeps_properties = true,
          .body_bytes_max = options_.body_bytes_max};
}

Status AmqpQueue::connect_publisher() {
  if (publisher_ != nullptr) return {};
  const bool to_queue = options_.exchange.empty();
  const bool topology = options_.makes != AmqpMakes::queue;
  if (topology) {
    if (const Status made = amqp::make_topology(options_); !made) return made;
  }
  auto connection = amqp::Connection::open(options_.connection);
  if (!connection) return fail(connection.error());
  if (to_queue && !topology) {
    if (const Status declared = amqp::declare_queue(**connection, options_); !declared) {
      return declared;
    }
  }
  auto publisher = amqp::Publisher::create(
      *std::move(connection),
      {.exchange = options_.exchange,
       .routing_key =
           to_queue && options_.routing_key.empty() ? options_.queue : options_.routing_key,
       .routing = options_.routing,
       .unconfirmed_max = options_.unconfirmed_max});
  if (!publisher) return fail(publisher.error());
  publisher_ = *std::move(publisher);
  if (!publishers_pulse_) publishers_pulse_.emplace([this] { return beat_publisher(); });
  return {};
}

Duration AmqpQueue::beat_publisher() {
  Duration next = std::min(options_.connection.heartbeat / 2, kPulseMax);
  // Who publishes now hears the broker.
  if (!publishing_.try_lock()) return next;
  if (publisher_ != nullptr) {
    next = publisher_->heartbeat() / 2;
    if (const Status heard = publisher_->idle(); !heard) {
      log::debug("amqp_idle_publisher_lost", heard.error().message);
      publisher_.reset();
    }
  }
  publishing_.unlock();
  return next;
}

Status AmqpQueue::check(const Message& message) const {
  if (message.body.size() > options_.body_bytes_max) {
    return fail(Code::invalid_argument, "the body of message " + message.id + " has " +
                                            std::to_string(message.body.size()) +
                                            " bytes; this queue takes at most " +
                                            std::to_string(options_.body_bytes_max));
  }
  const MessageProperties& said = message.properties;
  const bool fits =
      std::ranges::all_of(std::array{&message.id, &said.type, &said.content_type,
                                     &said.correlation_id, &said.reply_to, &said.user_id},
                          [](const std::string* text) {
                            return text->size() <= kShortBytesMax && is_utf8(*text);
                          }) &&
      std::ranges::all_of(message.attributes, [](const auto& attribute) {
        return !attribute.first.empty() && attribute.first.size() <= kShortBytesMax &&
               !attribute.first.starts_with("x-") && is_utf8(attribute.first) &&
               is_utf8(attribute.second);
      });
  if (fits) return {};
  return fail(Code::invalid_argument,
              "message " + message.id.substr(0, kShortBytesMax) +
                  " can't be published: ids, properties and names of attributes have at most 255 "
                  "bytes, names are not empty and don't begin with 'x-', and all are UTF-8");
}

/// Somebody may have deleted what was made here: the next call makes it again.
void AmqpQueue::look_for_the_lost(const std::vector<Status>& answers) {
  if (options_.makes == AmqpMakes::queue) return;
  const bool lost = std::ranges::any_of(answers, [](const Status& answer) {
    return !answer && answer.error().code == Code::not_found;
  });
  if (lost) publisher_.reset();
}

Result<std::vector<Status>> AmqpQueue::publish(std::span<const Message> messages) {
  std::vector<Status> answers;
  std::vector<std::size_t> open;  // those without an answer
  for (std::size_t i = 0; i < messages.size(); ++i) {
    answers.push_back(check(messages[i]));
    if (answers.back()) open.push_back(i);
  }
  const Lock lock(publishing_);
  Duration pause = kPauseFirst;
  for (int attempt = 1; !open.empty(); ++attempt) {
    Status done = connect_publisher();
    if (done) done = publisher_->publish(messages, open, answers, options_.confirm_time_max);
    const std::stop_token& stop = options_.connection.stop;
    if (!done && stop.stop_requested()) done = given_up(done.error());
    const bool last = attempt == kPublishAttempts;
    if (done && (open.empty() || last)) {
      look_for_the_lost(answers);
      break;
    }
    if (!done) {
      publisher_.reset();
      for (const std::size_t index : open) answers[index] = done;
      if (last || !may_pass(done.error().code)) break;
      log::warn("amqp_publisher_lost", done.error().message, {{"unconfirmed", open.size()}});
    }
    clock_.wait_until(clock_.steady_now() + pause, stop);
    pause *= 10;
  }
  return answers;
}

Status AmqpQueue::connect_receiver() {
  if (receiver_ != nullptr) return {};
  const bool topology = options_.makes != AmqpMakes::queue;
  if (topology) {
    if (const Status made = amqp::make_topology(options_); !made) return made;
  }
  auto opened = amqp::Connection::open(options_.connection);
  if (!opened) return fail(opened.error());
  SharedConnection connection = *std::move(opened);
  if (!topology) {
    if (const Status declared = amqp::declare_queue(*connection, options_); !declared) {
      return declared;
    }
  }
  const std::string action = "consuming queue '" + options_.queue + "' at " + connection->place();
  amqp_basic_qos(connection->state(), amqp::Connection::kChannel, 0, options_.prefetch, 0);
  if (const Status asked = connection->reply(action); !asked) return asked;
  amqp_basic_consume(connection->state(), amqp::Connection::kChannel,
                     amqp::bytes_of(options_.queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  if (const Status asked = connection->reply(action); !asked) return asked;
  receiver_ = std::move(connection);
  ++connections_;
  if (!receivers_pulse_) receivers_pulse_.emplace([this] { return beat_receiver(); });
  return {};
}

/// Only says that this side is there: what the broker says is for `receive`, which nobody calls
/// while there is no room for more.
Duration AmqpQueue::beat_receiver() {
  const Lock lock(receiving_);
  if (receiver_ == nullptr) return std::min(options_.connection.heartbeat / 2, kPulseMax);
  const Duration next = receiver_->heartbeat() / 2;
  if (const Status beaten = receiver_->beat(); !beaten) {
    log::warn("amqp_receiver_lost", beaten.error().message);
    lose_receiver();
  }
  return next;
}

void AmqpQueue::lose_receiver() {
  receiver_.reset();
  held_.clear();
}

Status AmqpQueue::hear_of_the_end() {
  const std::string action = "consuming queue '" + options_.queue + "' at " + receiver_->place();
  amqp_frame_t frame{};
  const timeval now{};
  const int status = amqp_simple_wait_frame_noblock(receiver_->state(), &frame, &now);
  if (status == AMQP_STATUS_TIMEOUT) return {};
  if (status != AMQP_STATUS_OK) return fail(amqp::library_error(status, action));
  if (frame.frame_type != AMQP_FRAME_METHOD) return {};
  const amqp_method_t& method = frame.payload.method;
  if (method.id == AMQP_BASIC_CANCEL_METHOD) {
    return fail(Code::unavailable, action + ": the broker ended it; was the queue deleted?");
  }
  if (method.id != AMQP_CHANNEL_CLOSE_METHOD && method.id != AMQP_CONNECTION_CLOSE_METHOD) {
    return {};
  }
  Error error = amqp::error_of_close(method, action);
  // As after a delivery that was held too long: a new connection goes on.
  if (error.code == Code::failed_precondition) error.code = Code::unavailable;
  return fail(std::move(error));
}

Status AmqpQueue::take(std::size_t limit, std::vector<Delivery>& deliveries) {
  amqp_connection_state_t state = receiver_->state();
  std::size_t bytes = 0;
  while (deliveries.size() < limit && bytes < options_.receive_bytes_max) {
    amqp_maybe_release_buffers(state);
    amqp_envelope_t envelope{};
    const timeval now{};
    const amqp_rpc_reply_t reply = amqp_consume_message(state, &envelope, &now, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
      deliveries.push_back(
          {.message = amqp::message_of(envelope),
           .receipt = std::to_string(connections_) + "-" + std::to_string(envelope.delivery_tag),
           .delivery_count = amqp::delivery_count_of(envelope),
           .published_at = amqp::published_at(envelope)});
      bytes += deliveries.back().message.body.size();
      held_.insert(envelope.delivery_tag);
      amqp_destroy_envelope(&envelope);
      continue;
    }
    if (reply.library_error == AMQP_STATUS_TIMEOUT) return {};
    if (reply.library_error != AMQP_STATUS_UNEXPECTED_STATE) {
      return amqp::status_of(reply, "receiving from " + receiver_->place());
    }
    if (const Status heard = hear_of_the_end(); !heard) return heard;
  }
  return {};
}

Result<std::vector<Delivery>> AmqpQueue::receive(std::size_t limit, const Deadline& deadline) {
  if (options_.queue.empty()) {
    return fail(Code::unimplemented, "this exchange is only published to; name a queue");
  }
  std::vector<Delivery> deliveries;
  Duration pause = kPauseFirst;
  while (limit > 0 && !deadline.stop_requested()) {
    SharedConnection connection;
    Status status;
    {
      const Lock lock(receiving_);
      status = connect_receiver();
      if (status) status = take(limit, deliveries);
      if (!status) lose_receiver();
      connection = receiver_;
    }
    const SteadyTime now = clock_.steady_now();
    if (!status) {
      deliveries.clear();  // the broker has given them to others
      if (!may_pass(status.error().code) || now >= deadline.at) return fail(status.error());
      log::warn("amqp_receiver_lost", status.error().message);
      clock_.wait_until(std::min(deadline.at, now + pause), deadline.stop);
      pause = std::min(2 * pause, kPauseMax);
      continue;
    }
    if (!deliveries.empty() || now >= deadline.at) break;
    pause = kPauseFirst;
    wait_for(*connection, deadline.at - now);
  }
  return deliveries;
}

std::uint64_t AmqpQueue::tag_of(const std::string& receipt) const {
  std::array<std::uint64_t, 2> parts = {};
  const char* end = receipt.data() + receipt.size();
  const auto first = std::from_chars(receipt.data(), end, parts[0]);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, parts[1]);
  const bool whole = second.ec == std::errc{} && second.ptr == end;
  return whole && parts[0] == connections_ && held_.contains(parts[1]) ? parts[1] : 0;
}

Status AmqpQueue::settle(std::span<const std::string> receipts, Settle how) {
  if (options_.queue.empty()) {
    return fail(Code::unimplemented, "this exchange is only published to; name a queue");
  }
  const Lock lock(receiving_);
  for (const std::string& receipt : receipts) {
    const std::uint64_t tag = tag_of(receipt);
    if (tag == 0) continue;
    const int status =
        how == Settle::ack
            ? amqp_basic_ack(receiver_->state(), amqp::Connection::kChannel, tag, 0)
            : amqp_basic_nack(receiver_->state(), amqp::Connection::kChannel, tag, 0, 1);
    if (status != AMQP_STATUS_OK) {
      const Error error = amqp::library_error(status, "answering for a delivery");
      lose_receiver();
      return fail(error);
    }
    held_.erase(tag);
  }
  return {};
}

Status AmqpQueue::ack(std::span<const std::string> receipts) {
  return settle(receipts, Settle::ack);
}

Status AmqpQueue::nack(std::span<const std::string> receipts) {
  return settle(receipts, Settle::give_back);
}

Status AmqpQueue::extend(std::span<const std::string> receipts, Duration) {
  if (options_.queue.empty()) {
    return fail(Code::unimplemented, "this exchange is only published to; name a queue");
  }
  const Lock lock(receiving_);
  for (const std::string& receipt : receipts) {
    if (tag_of(receipt) != 0) continue;
    return fail(Code::not_found, "the connection of receipt " + receipt +
                                     " is gone: others may have the message by now");
  }
  return {};
}

}  // namespace waybill
