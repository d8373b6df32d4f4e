#include "adapters/pubsub/wire.h"

#include <boost/json.hpp>

#include "base/base64.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"

namespace waybill::pubsub {
namespace {

namespace bj = boost::json;

// https://cloud.google.com/pubsub/quotas#resource_limits
constexpr std::size_t kAttributesMax = 100;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kValueBytesMax = 1024;

Status check_attribute(const std::string& id, std::string_view name, std::string_view value) {
  const std::string what = "attribute '" + std::string(name) + "' of message " + id;
  if (name.empty() || !is_utf8(name) || !is_utf8(value)) {
    return fail(Code::invalid_argument,
                what + " can't be published: names must not be empty, both sides must be UTF-8");
  }
  if (name.starts_with("goog")) {
    return fail(Code::invalid_argument, what + " can't be published: Google keeps 'goog…'");
  }
  if (name.size() > kNameBytesMax || value.size() > kValueBytesMax) {
    return fail(Code::invalid_argument,
                what + " has a name of " + std::to_string(name.size()) + " bytes and a value of " +
                    std::to_string(value.size()) + "; Pub/Sub takes at most " +
                    std::to_string(kNameBytesMax) + " and " + std::to_string(kValueBytesMax));
  }
  return {};
}

void append_attribute(std::string& json, std::string_view name, std::string_view value) {
  json += json.back() == '{' ? "" : ",";
  json::append_quoted(json, name);
  json += ':';
  json::append_quoted(json, value);
}

std::string text_at(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  const bj::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

const bj::object* object_at(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string body_of(const bj::object& message, const std::string& id) {
  std::string data = text_at(message, "data");
  if (auto body = from_base64(data)) return *std::move(body);
  log::warn("message_not_base64", "the data of a message is not base64: taken as it is",
            {{"id", id}});
  return data;
}

void read_attributes(const bj::object& message, std::string_view id_attribute, Message& into) {
  const bj::object* attributes = object_at(message, "attributes");
  if (attributes == nullptr) return;
  for (const auto& member : *attributes) {
    const std::string_view name(member.key().data(), member.key().size());
    std::string value = text_at(*attributes, name);
    if (!id_attribute.empty() && name == id_attribute) {
      into.id = std::move(value);
    } else {
      into.attributes.emplace_back(name, std::move(value));
    }
  }
}

Delivery decode_delivery(const bj::object& entry, std::string_view id_attribute) {
  Delivery delivery{.receipt = text_at(entry, "ackId")};
  if (const bj::value* attempt = entry.if_contains("deliveryAttempt")) {
    boost::system::error_code not_a_count;
    const auto count = attempt->to_number<std::uint32_t>(not_a_count);
    if (!not_a_count && count > 0) delivery.delivery_count = count;
  }
  const bj::object* message = object_at(entry, "message");
  if (message == nullptr) return delivery;
  delivery.message.id = text_at(*message, "messageId");
  delivery.published_at = parse_time(text_at(*message, "publishTime")).value_or(Time{});
  delivery.message.body = body_of(*message, delivery.message.id);
  read_attributes(*message, id_attribute, delivery.message);
  return delivery;
}

Code code_of(int status) {
  switch (status) {
    case 400:
      return Code::invalid_argument;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::not_found;
    case 409:
      return Code::already_exists;
    case 429:
      return Code::resource_exhausted;
    case 499:
      return Code::cancelled;
    default:
      return status >= 500 ? Code::unavailable : Code::unknown;
  }
}

}  // namespace

Status check_message(const Message& message, std::size_t body_bytes_max,
                     std::string_view id_attribute) {
  if (message.body.empty() && message.attributes.empty() && id_attribute.empty()) {
    return fail(Code::invalid_argument, "message " + message.id +
                                            " has neither body nor attributes: Pub/Sub takes no "
                                            "such message");
  }
  if (!id_attribute.empty()) {
    if (const Status good = check_attribute(message.id, id_attribute, message.id); !good) {
      return good;
    }
  }
  if (message.body.size() > body_bytes_max) {
    return fail(Code::invalid_argument, "the body of message " + message.id + " has " +
                                            std::to_string(message.body.size()) +
                                            " bytes; Pub/Sub takes at most " +
                                            std::to_string(body_bytes_max));
  }
  if (message.attributes.size() > kAttributesMax) {
    return fail(Code::invalid_argument,
                "message " + message.id + " has " + std::to_string(message.attributes.size()) +
                    " attributes; Pub/Sub takes at most " + std::to_string(kAttributesMax));
  }
  for (const auto& [name, value] : message.attributes) {
    if (const Status good = check_attribute(message.id, name, value); !good) return good;
  }
  return {};
}

std::string encode_message(const Message& message, std::string_view id_attribute) {
  std::string json = "{\"data\":\"" + to_base64(message.body) + '"';
  if (!message.attributes.empty() || !id_attribute.empty()) {
    json += ",\"attributes\":{";
    if (!id_attribute.empty()) append_attribute(json, id_attribute, message.id);
    for (const auto& [name, value] : message.attributes) append_attribute(json, name, value);
    json += '}';
  }
  return json + '}';
}

std::size_t published_count(std::string_view answer) {
  const auto value = json::parse(answer);
  const bj::value* ids =
      value && value->is_object() ? value->get_object().if_contains("messageIds") : nullptr;
  return ids == nullptr || !ids->is_array() ? 0 : ids->get_array().size();
}

Result<std::vector<Delivery>> decode_pull(std::string_view answer, std::string_view id_attribute) {
  const auto value = json::parse(answer);
  if (!value || !value->is_object()) {
    return fail(Code::data_loss,
                "Pub/Sub answered a pull with something that is no JSON object; "
                "is the endpoint that of Pub/Sub?");
  }
  std::vector<Delivery> deliveries;
  const bj::value* received = value->as_object().if_contains("receivedMessages");
  if (received == nullptr || !received->is_array()) return deliveries;
  for (const bj::value& entry : received->as_array()) {
    Delivery delivery =
        entry.is_object() ? decode_delivery(entry.as_object(), id_attribute) : Delivery{};
    if (delivery.receipt.empty()) {
      log::warn("delivery_without_ack_id", "Pub/Sub sent a message that can't be acked: left out",
                {{"id", delivery.message.id}});
      continue;
    }
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

Error error_of(const HttpResponse& response, std::string_view action, Time now) {
  std::string said;
  if (const auto value = json::parse(response.body); value && value->is_object()) {
    if (const bj::object* error = object_at(value->as_object(), "error")) {
      said = text_at(*error, "message");
    }
  }
  Error error{.code = code_of(response.status),
              .message = std::string(action) + ": Pub/Sub answered " +
                         std::to_string(response.status) + (said.empty() ? "" : ": " + said)};
  if (const Duration wait = retry_after(response, now); wait > Duration(0)) {
    error.retry_after = wait;
  }
  return error;
}

}  // namespace waybill::pubsub
