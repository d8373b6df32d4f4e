#include "core/message_form.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/uuid.h"
#include "core/prio/message.h"

namespace waybill {
namespace {

constexpr std::size_t kIdBytesMax = 256;

/// Something that can be an id in a log, an environment and a file.
bool can_be_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string text_at(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

Status check_batch_id(std::string_view id) {
  if (parse_uuid(id)) return {};
  return fail(Code::invalid_argument, "the id of a batch is not a UUID");
}

Result<MessageFacts> read_aggregate(std::string_view body) {
  const auto message = prio::decode_aggregate(body);
  if (!message) return fail(message.error());
  for (const auto& batch : message->batches) {
    if (const Status checked = check_batch_id(batch.id); !checked) return fail(checked.error());
  }
  return MessageFacts{.trace_id = to_string(message->trace_id),
                      .task = "aggregate",
                      .aggregation_id = message->aggregation_id};
}

Result<MessageFacts> read_intake(std::string_view body) {
  const auto message = prio::decode_intake(body);
  if (!message) return fail(message.error());
  if (const Status checked = check_batch_id(message->batch_id); !checked) {
    return fail(checked.error());
  }
  return MessageFacts{.trace_id = to_string(message->trace_id),
                      .task = "intake",
                      .aggregation_id = message->aggregation_id};
}

}  // namespace

Result<MessageFacts> read_message(MessageForm form, std::string_view body) {
  const auto value = json::parse(body);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) {
    if (form == MessageForm::any) return MessageFacts{};
    return fail(Code::invalid_argument, value ? "the body is JSON, but no object"
                                              : "the body is not JSON: " + value.error().message);
  }
  if (form == MessageForm::prio) {
    const bool aggregate = object->contains("batches") || object->contains("aggregation-start");
    return aggregate ? read_aggregate(body) : read_intake(body);
  }
  MessageFacts facts;
  if (std::string id = text_at(*object, "trace-id"); can_be_id(id)) facts.trace_id = std::move(id);
  return facts;
}

}  // namespace waybill
