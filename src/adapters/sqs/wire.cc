#include "adapters/sqs/wire.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "base/json.h"
#include "base/log.h"
#include "base/percent.h"
#include "base/utf8.h"

namespace waybill::sqs {
namespace {

namespace bj = boost::json;

// SQS Developer Guide, "Amazon SQS message metadata".
// SNS passes on ten attributes with raw delivery, and drops messages with more.
constexpr std::size_t kAttributesMax = 10;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::string_view kType = "String";
constexpr std::int64_t kMillisecondsMax = 253'402'300'799'999;  // the year 9999

/// Characters of XML 1.0, in UTF-8: nothing else goes through SNS and SQS.
bool is_xml_text(std::string_view text) {
  if (!is_utf8(text)) return false;
  const bool control = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  return !control && text.find("\xef\xbf\xbe") == text.npos &&
         text.find("\xef\xbf\xbf") == text.npos;
}

bool is_attribute_name(std::string_view name) {
  const bool reserved = name.starts_with("AWS.") || name.starts_with("Amazon.");
  return !name.empty() && name.size() <= kNameBytesMax && !reserved &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

/// With the id among them, if it travels.
std::vector<std::pair<std::string_view, std::string_view>> attributes_of(const Message& message,
                                                                         const MessageForm& form) {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  if (!form.id_attribute.empty()) all.emplace_back(form.id_attribute, message.id);
  for (const auto& [name, value] : message.attributes) all.emplace_back(name, value);
  return all;
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

const bj::array* array_at(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

/// Undoes the five entities of XML.
std::string unescaped(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  std::string plain;
  while (!text.empty()) {
    const auto entity = std::ranges::find_if(
        kEntities, [&](const auto& known) { return text.starts_with(known.first); });
    plain += entity == kEntities.end() ? text.front() : entity->second;
    text.remove_prefix(entity == kEntities.end() ? 1 : entity->first.size());
  }
  return plain;
}

/// What stands in the first element of that name, and moves `xml` behind it; empty and unmoved if
/// there is none. The services write no attributes, comments or CDATA into what is read here.
std::string_view next_element(std::string_view& xml, std::string_view name) {
  const std::string begin = "<" + std::string(name) + ">";
  const std::string end = "</" + std::string(name) + ">";
  const std::size_t from = xml.find(begin);
  const std::size_t to = from == xml.npos ? from : xml.find(end, from);
  if (to == xml.npos) return {};
  const std::string_view inner = xml.substr(from + begin.size(), to - from - begin.size());
  xml.remove_prefix(to + end.size());
  return inner;
}

std::string element(std::string_view xml, std::string_view name) {
  return unescaped(next_element(xml, name));
}

struct CodeRule {
  std::string_view part;  // of the service's code
  Code code;
};

/// The services' codes come with prefixes ("AWS.SimpleQueueService.NonExistentQueue") and suffixes.
Code code_of(std::string_view aws_code, int status) {
  static constexpr std::array kRules = {
      CodeRule{"Throttl", Code::resource_exhausted},
      CodeRule{"OverLimit", Code::resource_exhausted},
      CodeRule{"AccessDenied", Code::permission_denied},
      CodeRule{"AuthorizationError", Code::permission_denied},
      CodeRule{"InvalidClientTokenId", Code::unauthenticated},
      CodeRule{"InvalidAccessKeyId", Code::unauthenticated},
      CodeRule{"Signature", Code::unauthenticated},
      CodeRule{"Expired", Code::unauthenticated},
      CodeRule{"MissingAuthenticationToken", Code::unauthenticated},
      CodeRule{"NotFound", Code::not_found},
      CodeRule{"NonExistentQueue", Code::not_found},
      CodeRule{"QueueDoesNotExist", Code::not_found}};
  for (const CodeRule& rule : kRules) {
    if (aws_code.find(rule.part) != aws_code.npos) return rule.code;
  }
  if (status == 429) return Code::resource_exhausted;
  if (status == 403) return Code::permission_denied;
  if (status == 404) return Code::not_found;
  if (status >= 500) return Code::unavailable;
  return status >= 400 ? Code::invalid_argument : Code::unknown;
}

Status entry_failure(std::string_view aws_code, const std::string& said, bool sender_fault) {
  return fail(code_of(aws_code, sender_fault ? 400 : 500),
              "refused with " + std::string(aws_code) + (said.empty() ? "" : ": " + said));
}

Delivery decode_message(const bj::object& entry, std::string_view id_attribute) {
  Delivery delivery{.receipt = text_at(entry, "ReceiptHandle")};
  delivery.message.id = text_at(entry, "MessageId");
  delivery.message.body = text_at(entry, "Body");
  if (const bj::object* system = object_at(entry, "Attributes")) {
    const std::string count = text_at(*system, "ApproximateReceiveCount");
    std::uint32_t received = 0;
    std::from_chars(count.data(), count.data() + count.size(), received);
    delivery.delivery_count = std::max<std::uint32_t>(received, 1);
    const std::string sent = text_at(*system, "SentTimestamp");
    std::int64_t sent_ms = 0;
    std::from_chars(sent.data(), sent.data() + sent.size(), sent_ms);
    if (sent_ms > 0 && sent_ms < kMillisecondsMax) {
      delivery.published_at = Time(std::chrono::milliseconds(sent_ms));
    }
    const std::string given = text_at(*system, "MessageDeduplicationId");
    if (!given.empty()) delivery.message.id = given;
  }
  const bj::object* attributes = object_at(entry, "MessageAttributes");
  if (attributes == nullptr) return delivery;
  for (const auto& member : *attributes) {
    const std::string_view name(member.key().data(), member.key().size());
    const bj::object* value = member.value().if_object();
    std::string text = value == nullptr ? std::string() : text_at(*value, "StringValue");
    if (!id_attribute.empty() && name == id_attribute) {
      delivery.message.id = std::move(text);
    } else {
      delivery.message.attributes.emplace_back(name, std::move(text));
    }
  }
  return delivery;
}

Result<bj::value> parse_object(std::string_view text) {
  auto value = json::parse(text);
  if (value && value->is_object()) return value;
  return fail(Code::data_loss,
              "SQS answered with something that is no JSON object; is the endpoint that of SQS?");
}

}  // namespace

std::size_t size_of(const Message& message, const MessageForm& form) {
  std::size_t bytes = message.body.size();
  for (const auto& [name, value] : attributes_of(message, form)) {
    bytes += name.size() + kType.size() + value.size();
  }
  return bytes;
}

Status check_message(const Message& message, const MessageForm& form) {
  if (const std::size_t bytes = size_of(message, form); bytes > form.bytes_max) {
    return fail(Code::invalid_argument,
                "message " + message.id + " has " + std::to_string(bytes) +
                    " bytes with its attributes; SNS and SQS take at most " +
                    std::to_string(form.bytes_max));
  }
  if (message.body.empty() || !is_xml_text(message.body)) {
    return fail(Code::invalid_argument,
                "the body of message " + message.id +
                    " is empty or holds bytes that SNS and SQS can't carry; encode it as text");
  }
  const auto attributes = attributes_of(message, form);
  if (attributes.size() > kAttributesMax) {
    return fail(Code::invalid_argument,
                "message " + message.id + " has " + std::to_string(attributes.size()) +
                    " attributes; SNS and SQS take at most " + std::to_string(kAttributesMax));
  }
  for (const auto& [name, value] : attributes) {
    if (is_attribute_name(name) && !value.empty() && is_xml_text(value)) continue;
    return fail(Code::invalid_argument,
                "attribute '" + std::string(name) + "' of message " + message.id +
                    " can't be carried: names have letters, digits, '_', '-' and '.', and values "
                    "are text that is not empty");
  }
  return {};
}

std::string publish_entry(const Message& message, const MessageForm& form, std::size_t number) {
  const std::string at = "&PublishBatchRequestEntries.member." + std::to_string(number) + ".";
  std::string entry =
      at + "Id=" + std::to_string(number) + at + "Message=" + to_percent(message.body);
  if (!form.group.empty()) {
    entry += at + "MessageGroupId=" + to_percent(form.group);
    entry += at + "MessageDeduplicationId=" + to_percent(message.id);
  }
  std::size_t count = 0;
  for (const auto& [name, value] : attributes_of(message, form)) {
    const std::string attribute = at + "MessageAttributes.entry." + std::to_string(++count) + ".";
    entry += attribute + "Name=" + to_percent(name);
    entry += attribute + "Value.DataType=" + std::string(kType);
    entry += attribute + "Value.StringValue=" + to_percent(value);
  }
  return entry;
}

std::string send_entry(const Message& message, const MessageForm& form, std::size_t number) {
  std::string entry = "{\"Id\":\"" + std::to_string(number) + "\",\"MessageBody\":";
  json::append_quoted(entry, message.body);
  if (!form.group.empty()) {
    entry += ",\"MessageGroupId\":";
    json::append_quoted(entry, form.group);
    entry += ",\"MessageDeduplicationId\":";
    json::append_quoted(entry, message.id);
  }
  const auto attributes = attributes_of(message, form);
  for (const auto& attribute : attributes) {
    entry += &attribute == &attributes.front() ? ",\"MessageAttributes\":{" : ",";
    json::append_quoted(entry, attribute.first);
    entry += ":{\"DataType\":\"" + std::string(kType) + "\",\"StringValue\":";
    json::append_quoted(entry, attribute.second);
    entry += '}';
  }
  return entry + (attributes.empty() ? "}" : "}}");
}

EntryAnswers decode_publish_answer(std::string_view xml) {
  EntryAnswers answers;
  std::string_view rest = xml;
  std::string_view good = next_element(rest, "Successful");
  for (auto member = next_element(good, "member"); !member.empty();
       member = next_element(good, "member")) {
    answers[element(member, "Id")] = {};
  }
  rest = xml;
  std::string_view bad = next_element(rest, "Failed");
  for (auto member = next_element(bad, "member"); !member.empty();
       member = next_element(bad, "member")) {
    answers[element(member, "Id")] =
        entry_failure(element(member, "Code"), element(member, "Message"),
                      element(member, "SenderFault") == "true");
  }
  return answers;
}

Result<EntryAnswers> decode_batch_answer(std::string_view json) {
  const auto value = parse_object(json);
  if (!value) return fail(value.error());
  EntryAnswers answers;
  const bj::object& object = value->as_object();
  if (const bj::array* good = array_at(object, "Successful")) {
    for (const bj::value& entry : *good) {
      if (entry.is_object()) answers[text_at(entry.as_object(), "Id")] = {};
    }
  }
  if (const bj::array* bad = array_at(object, "Failed")) {
    for (const bj::value& entry : *bad) {
      if (!entry.is_object()) continue;
      const bj::object& failed = entry.as_object();
      const bj::value* fault = failed.if_contains("SenderFault");
      answers[text_at(failed, "Id")] =
          entry_failure(text_at(failed, "Code"), text_at(failed, "Message"),
                        fault != nullptr && fault->is_bool() && fault->as_bool());
    }
  }
  return answers;
}

Result<std::vector<Delivery>> decode_received(std::string_view json,
                                              std::string_view id_attribute) {
  const auto value = parse_object(json);
  if (!value) return fail(value.error());
  std::vector<Delivery> deliveries;
  const bj::array* messages = array_at(value->as_object(), "Messages");
  if (messages == nullptr) return deliveries;
  for (const bj::value& entry : *messages) {
    Delivery delivery =
        entry.is_object() ? decode_message(entry.as_object(), id_attribute) : Delivery{};
    if (delivery.receipt.empty()) {
      log::warn("delivery_without_receipt", "SQS sent a message that can't be acked: left out",
                {{"id", delivery.message.id}});
      continue;
    }
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

Error error_of(const HttpResponse& response, std::string_view action, Time now) {
  std::string code;
  std::string said;
  if (const auto value = json::parse(response.body); value && value->is_object()) {
    code = text_at(value->as_object(), "__type");
    code = code.substr(code.find('#') + 1);  // the whole of it where there is no #
    said = text_at(value->as_object(), "message");
    if (said.empty()) said = text_at(value->as_object(), "Message");
  } else {
    code = element(response.body, "Code");
    said = element(response.body, "Message");
  }
  Error error{.code = code_of(code, response.status),
              .message = std::string(action) + " was answered " + std::to_string(response.status) +
                         (code.empty() ? "" : " " + code) + (said.empty() ? "" : ": " + said)};
  if (const Duration wait = retry_after(response, now); wait > Duration(0)) {
    error.retry_after = wait;
  }
  return error;
}

}  // namespace waybill::sqs
