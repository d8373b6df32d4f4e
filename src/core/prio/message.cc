#include "core/prio/message.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/prio/object_name.h"

namespace waybill::prio {
namespace {

/// ASCII that JSON and Go write as it is.
bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? "{\"" : ",\"";
  out += name;
  out += "\":";
  append_go_string(out, value);
}

void append_minute_field(std::string& out, std::string_view name, Time time) {
  out += ",\"";
  out += name;
  out += "\":\"";
  append_minute(out, time, '/');
  out += '"';
}

/// Reads the fields of one object, `at` naming it in errors ("", or "batches[3].").
class FieldReader {
 public:
  FieldReader(const boost::json::object& object, std::string at)
      : object_(object), at_(std::move(at)) {}

  Result<std::string> text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr) return refuse(name, "is missing");
    const auto* string = value->if_string();
    if (string == nullptr) return refuse(name, "is not a string");
    return std::string(string->data(), string->size());
  }

  Result<Time> minute(std::string_view name) const {
    const auto value = text(name);
    if (!value) return fail(value.error());
    const auto time = parse_minute(*value, '/');
    if (!time) return refuse(name, "is not a time of the form YYYY/MM/DD/HH/mm");
    return *time;
  }

  Result<Uuid> uuid(std::string_view name) const {
    const auto value = text(name);
    if (!value) return fail(value.error());
    auto id = parse_uuid(*value);
    if (!id) return refuse(name, "is not a UUID");
    return id;
  }

  tl::unexpected<Error> refuse(std::string_view name, std::string_view why) const {
    return fail(Code::invalid_argument,
                "field " + at_ + std::string(name) + " of the message " + std::string(why));
  }

 private:
  const boost::json::object& object_;
  std::string at_;
};

Result<boost::json::object> read_object(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "reading the message"));
  if (!value->is_object()) return fail(Code::invalid_argument, "the message is not a JSON object");
  return std::move(value->as_object());
}

Result<AggregatedBatch> read_batch(const boost::json::value& value, std::size_t index) {
  const std::string at = "batches[" + std::to_string(index) + "]";
  if (!value.is_object()) {
    return fail(Code::invalid_argument, "field " + at + " of the message is not an object");
  }
  const FieldReader fields(value.get_object(), at + ".");
  auto id = fields.text("id");
  if (!id) return fail(id.error());
  const auto time = fields.minute("time");
  if (!time) return fail(time.error());
  return AggregatedBatch{.id = std::move(*id), .time = *time};
}

}  // namespace

void append_go_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto special = std::find_if_not(text.begin(), text.end(), is_plain);
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text[0]);
    const std::size_t valid = utf8_sequence_length(text);
    if (valid == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else if (text.starts_with("\u2028") || text.starts_with("\u2029")) {
      out += "\\u202";
      out += text[2] == '\xa8' ? '8' : '9';
    } else {
      out += text.substr(0, valid);
    }
    text.remove_prefix(std::max<std::size_t>(valid, 1));
  }
  out += '"';
}

std::string encode(const IntakeMessage& message) {
  std::string out;
  // Exact where nothing needs an escape: a scan may hold a third of a million of these.
  out.reserve(111 + message.aggregation_id.size() + message.batch_id.size());
  append_field(out, "trace-id", to_string(message.trace_id));
  append_field(out, "aggregation-id", message.aggregation_id);
  append_field(out, "batch-id", message.batch_id);
  append_minute_field(out, "date", message.date);
  out += '}';
  return out;
}

std::string encode(const AggregateMessage& message) {
  std::string out;
  append_field(out, "trace-id", to_string(message.trace_id));
  append_field(out, "aggregation-id", message.aggregation_id);
  append_minute_field(out, "aggregation-start", message.begin);
  append_minute_field(out, "aggregation-end", message.end);
  out += ",\"batches\":[";
  for (const AggregatedBatch& batch : message.batches) {
    if (out.back() == '}') out += ',';
    out += "{\"id\":";
    append_go_string(out, batch.id);
    append_minute_field(out, "time", batch.time);
    out += '}';
  }
  out += "]}";
  return out;
}

Result<IntakeMessage> decode_intake(std::string_view text) {
  const auto object = read_object(text);
  if (!object) return fail(object.error());
  const FieldReader fields(*object, "");
  const auto trace_id = fields.uuid("trace-id");
  if (!trace_id) return fail(trace_id.error());
  auto aggregation_id = fields.text("aggregation-id");
  if (!aggregation_id) return fail(aggregation_id.error());
  auto batch_id = fields.text("batch-id");
  if (!batch_id) return fail(batch_id.error());
  const auto date = fields.minute("date");
  if (!date) return fail(date.error());
  return IntakeMessage{.trace_id = *trace_id,
                       .aggregation_id = std::move(*aggregation_id),
                       .batch_id = std::move(*batch_id),
                       .date = *date};
}

Result<AggregateMessage> decode_aggregate(std::string_view text) {
  const auto object = read_object(text);
  if (!object) return fail(object.error());
  const FieldReader fields(*object, "");
  const auto trace_id = fields.uuid("trace-id");
  if (!trace_id) return fail(trace_id.error());
  auto aggregation_id = fields.text("aggregation-id");
  if (!aggregation_id) return fail(aggregation_id.error());
  const auto begin = fields.minute("aggregation-start");
  if (!begin) return fail(begin.error());
  const auto end = fields.minute("aggregation-end");
  if (!end) return fail(end.error());
  const auto* list = object->if_contains("batches");
  if (list == nullptr) return fields.refuse("batches", "is missing");
  if (!list->is_array()) return fields.refuse("batches", "is not an array");
  AggregateMessage message{.trace_id = *trace_id,
                           .aggregation_id = std::move(*aggregation_id),
                           .begin = *begin,
                           .end = *end};
  for (const auto& value : list->get_array()) {
    auto batch = read_batch(value, message.batches.size());
    if (!batch) return fail(batch.error());
    message.batches.push_back(std::move(*batch));
  }
  return message;
}

}  // namespace waybill::prio
