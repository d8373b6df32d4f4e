#include "adapters/amqp/delivery.h"

#include <amqp.h>

#include <chrono>

#include "adapters/amqp/reply.h"

namespace waybill::amqp {
namespace {

MessageProperties properties_of(const amqp_basic_properties_t& given) {
  MessageProperties properties;
  const auto text = [&given](amqp_flags_t flag, const amqp_bytes_t& value) {
    return std::string((given._flags & flag) == 0 ? std::string_view() : text_of(value));
  };
  properties.type = text(AMQP_BASIC_TYPE_FLAG, given.type);
  properties.content_type = text(AMQP_BASIC_CONTENT_TYPE_FLAG, given.content_type);
  properties.correlation_id = text(AMQP_BASIC_CORRELATION_ID_FLAG, given.correlation_id);
  properties.reply_to = text(AMQP_BASIC_REPLY_TO_FLAG, given.reply_to);
  properties.user_id = text(AMQP_BASIC_USER_ID_FLAG, given.user_id);
  if ((given._flags & AMQP_BASIC_PRIORITY_FLAG) != 0) properties.priority = given.priority;
  return properties;
}

}  // namespace

std::uint32_t delivery_count_of(const amqp_envelope_t& envelope) {
  std::uint32_t count = envelope.redelivered != 0 ? 2 : 1;
  const amqp_basic_properties_t& properties = envelope.message.properties;
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return count;
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.headers.entries[i];
    // Quorum queues say how often it was delivered before.
    if (text_of(entry.key) == "x-delivery-count" && entry.value.kind == AMQP_FIELD_KIND_I64) {
      count = static_cast<std::uint32_t>(entry.value.value.i64) + 1;
    }
  }
  return count;
}

/// Publishers may say it, and this one does not.
Time published_at(const amqp_envelope_t& envelope) {
  const amqp_basic_properties_t& properties = envelope.message.properties;
  constexpr std::uint64_t kSecondsMax = 253'402'300'799;  // the year 9999
  const bool known = (properties._flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0;
  if (!known || properties.timestamp > kSecondsMax) return {};
  return Time(std::chrono::seconds(properties.timestamp));
}

Message message_of(const amqp_envelope_t& envelope) {
  const amqp_basic_properties_t& properties = envelope.message.properties;
  Message message{.body = std::string(text_of(envelope.message.body)),
                  .properties = properties_of(properties)};
  if ((properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) {
    message.id = text_of(properties.message_id);
  }
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return message;
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.headers.entries[i];
    const bool text =
        entry.value.kind == AMQP_FIELD_KIND_UTF8 || entry.value.kind == AMQP_FIELD_KIND_BYTES;
    if (text && !text_of(entry.key).starts_with("x-")) {
      message.attributes.emplace_back(text_of(entry.key), text_of(entry.value.value.bytes));
    }
  }
  return message;
}

}  // namespace waybill::amqp
