#include "adapters/amqp/publisher.h"

#include <amqp.h>
#include <amqp_framing.h>

#include <algorithm>
#include <utility>

#include "adapters/amqp/reply.h"

namespace waybill::amqp {
namespace {

constexpr std::uint8_t kPersistent = 2;

amqp_table_entry_t header_of(const std::pair<std::string, std::string>& attribute) {
  amqp_table_entry_t entry{};
  entry.key = bytes_of(attribute.first);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(attribute.second);
  return entry;
}

void add_properties(const MessageProperties& said, amqp_basic_properties_t& properties) {
  const auto add = [&properties](amqp_flags_t flag, const std::string& text, amqp_bytes_t& place) {
    if (text.empty()) return;
    properties._flags |= flag;
    place = bytes_of(text);
  };
  add(AMQP_BASIC_TYPE_FLAG, said.type, properties.type);
  add(AMQP_BASIC_CONTENT_TYPE_FLAG, said.content_type, properties.content_type);
  add(AMQP_BASIC_CORRELATION_ID_FLAG, said.correlation_id, properties.correlation_id);
  add(AMQP_BASIC_USER_ID_FLAG, said.user_id, properties.user_id);
  if (!said.priority) return;
  properties._flags |= AMQP_BASIC_PRIORITY_FLAG;
  properties.priority = *said.priority;
}

}  // namespace

Result<std::unique_ptr<Publisher>> Publisher::create(std::unique_ptr<Connection> connection,
                                                     const PublisherParams& params) {
  amqp_confirm_select(connection->state(), Connection::kChannel);
  if (const Status asked = connection->reply("asking for confirms"); !asked) {
    return fail(asked.error());
  }
  return std::unique_ptr<Publisher>(new Publisher(std::move(connection), params));
}

Status Publisher::publish(std::span<const Message> messages, std::vector<std::size_t>& indexes,
                          std::vector<Status>& answers, Duration time_max) {
  const Call call{.messages = messages, .answers = answers};
  std::size_t next = 0;
  Status status;
  while (status && (next < indexes.size() || !in_flight_.empty())) {
    if (next < indexes.size() && in_flight_.size() < params_.unconfirmed_max) {
      in_flight_.push_back({.index = indexes[next], .sequence = sent_ + 1});
      status = send(messages[indexes[next]]);
      ++sent_;
      ++next;
    } else {
      status = hear(call, time_max);
    }
  }
  std::vector<std::size_t> open = std::exchange(refused_, {});
  for (const InFlight& message : in_flight_) open.push_back(message.index);
  open.insert(open.end(), indexes.begin() + static_cast<std::ptrdiff_t>(next), indexes.end());
  indexes = std::move(open);
  return status;
}

Status Publisher::send(const Message& message) {
  std::vector<amqp_table_entry_t> headers;
  for (const auto& attribute : message.attributes) headers.push_back(header_of(attribute));
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.delivery_mode = kPersistent;
  properties.message_id = bytes_of(message.id);
  add_properties(message.properties, properties);
  const std::string& reply_to = message.properties.reply_to;
  const bool is_reply = params_.routing == AmqpRouting::by_reply_to;
  if (!is_reply && !reply_to.empty()) {
    properties._flags |= AMQP_BASIC_REPLY_TO_FLAG;
    properties.reply_to = bytes_of(reply_to);
  }
  if (!headers.empty()) {
    properties._flags |= AMQP_BASIC_HEADERS_FLAG;
    properties.headers = {.num_entries = static_cast<int>(headers.size()),
                          .entries = headers.data()};
  }
  const int status =
      amqp_basic_publish(connection_->state(), Connection::kChannel, bytes_of(params_.exchange),
                         bytes_of(is_reply ? reply_to : params_.routing_key), 1, 0, &properties,
                         bytes_of(message.body));
  if (status == AMQP_STATUS_OK) return {};
  return fail(library_error(status, "publishing to " + connection_->place()));
}

Status Publisher::hear(const Call& call, Duration time_max) {
  amqp_connection_state_t state = connection_->state();
  amqp_maybe_release_buffers(state);
  const timeval wait{.tv_sec = time_max.count() / 1'000'000,
                     .tv_usec = time_max.count() % 1'000'000};
  amqp_frame_t frame{};
  const int status = amqp_simple_wait_frame_noblock(state, &frame, &wait);
  const std::string action = "publishing to " + connection_->place();
  if (status == AMQP_STATUS_TIMEOUT) {
    return fail(Code::deadline_exceeded,
                action + ": the broker did not confirm within " + format_duration(time_max));
  }
  if (status != AMQP_STATUS_OK) return fail(library_error(status, action));
  if (frame.frame_type != AMQP_FRAME_METHOD) return {};
  switch (frame.payload.method.id) {
    case AMQP_BASIC_ACK_METHOD:
    case AMQP_BASIC_NACK_METHOD:
      settle(frame.payload.method, call);
      return {};
    case AMQP_BASIC_RETURN_METHOD:
      return take_return(call);
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
      return fail(error_of_close(frame.payload.method, action));
    default:
      return {};
  }
}

Status Publisher::idle() {
  const std::string action = "a connection to " + connection_->place();
  if (const Status beaten = connection_->beat(); !beaten) return beaten;
  for (;;) {
    amqp_maybe_release_buffers(connection_->state());
    const timeval now{};
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(connection_->state(), &frame, &now);
    if (status == AMQP_STATUS_TIMEOUT) return {};
    if (status != AMQP_STATUS_OK) return fail(library_error(status, action));
    if (frame.frame_type != AMQP_FRAME_METHOD) continue;
    const amqp_method_t& method = frame.payload.method;
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD || method.id == AMQP_CONNECTION_CLOSE_METHOD) {
      return fail(error_of_close(method, action));
    }
  }
}

Status Publisher::take_return(const Call& call) {
  amqp_message_t message{};
  const Status read = status_of(
      amqp_read_message(connection_->state(), Connection::kChannel, &message, 0), "a return");
  if (!read) return read;
  const bool has_id = (message.properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0;
  const std::string id(has_id ? text_of(message.properties.message_id) : std::string_view());
  amqp_destroy_message(&message);
  // All of a call go the same way: what is true of one copy is true of the others.
  for (InFlight& sent : in_flight_) {
    if (call.messages[sent.index].id == id) sent.returned = true;
  }
  return {};
}

void Publisher::settle(const amqp_method_t_& method, const Call& call) {
  const bool taken = method.id == AMQP_BASIC_ACK_METHOD;
  const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
  const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
  const std::size_t tag = taken ? ack->delivery_tag : nack->delivery_tag;
  const bool multiple = (taken ? ack->multiple : nack->multiple) != 0;
  const auto settled = [&](const InFlight& message) {
    if (message.sequence != tag && !(multiple && message.sequence < tag)) return false;
    call.answers[message.index] = answer_to(message, taken);
    if (!taken) refused_.push_back(message.index);
    return true;
  };
  std::erase_if(in_flight_, settled);
}

Status Publisher::answer_to(const InFlight& message, bool taken) const {
  if (!taken) {
    return fail(Code::resource_exhausted,
                "the broker at " + connection_->place() +
                    " refused the message: its queue is full or can't be written; try again");
  }
  if (!message.returned) return {};
  const std::string exchange =
      params_.exchange.empty() ? "" : " of exchange '" + params_.exchange + "'";
  return fail(Code::not_found, "no queue takes messages with the routing key '" +
                                   params_.routing_key + "'" + exchange + " at " +
                                   connection_->place() + "; declare or bind one");
}

}  // namespace waybill::amqp
