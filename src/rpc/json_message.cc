#include "rpc/json_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/json.h"
#include "rpc/enum_text.h"
#include "rpc/known_types.h"

namespace waybill::rpc {
namespace {

namespace bj = boost::json;
namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

/// 64 levels of JSON, the most that the API reads, are as many times three messages in a Struct.
constexpr int kDepthMax = 220;

Error at_field(Error error, const Field& field) {
  const bool nested = error.message.starts_with('/');
  error.message = "/" + field.name() + (nested ? "" : ": ") + error.message;
  return error;
}

// ---- from messages ----

/// One value of a message, or, in a list, one of its values.
struct Place {
  const pb::Message& message;
  const Field& field;
  std::optional<int> index;  ///< in a list

  const pb::Reflection& reflection() const { return *message.GetReflection(); }
};

const pb::Message& message_at(const Place& at) {
  const pb::Reflection& reflection = at.reflection();
  return at.index ? reflection.GetRepeatedMessage(at.message, &at.field, *at.index)
                  : reflection.GetMessage(at.message, &at.field);
}

Result<bj::value> message_to_json(const pb::Message& message) {
  if (is_known_type(*message.GetDescriptor())) return known_to_json(message);
  auto object = to_json(message);
  if (!object) return fail(object.error());
  return bj::value(std::move(*object));
}

Result<bj::value> double_to_json(double number) {
  if (std::isfinite(number)) return bj::value(number);
  return fail(Code::invalid_argument, "has to be a finite number");
}

Result<bj::value> enum_to_json(const Field& field, int number) {
  const std::string text = enum_text(*field.enum_type(), number);
  if (!text.empty()) return bj::value(text);
  return fail(Code::invalid_argument,
              std::to_string(number) + " is no value of " + field.enum_type()->name());
}

#define WAYBILL_READ(TYPE)                                                        \
  (at.index ? at.reflection().GetRepeated##TYPE(at.message, &at.field, *at.index) \
            : at.reflection().Get##TYPE(at.message, &at.field))

Result<bj::value> value_to_json(const Place& at) {
  switch (at.field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      return bj::value(WAYBILL_READ(Int32));
    case Field::CPPTYPE_INT64:
      return bj::value(WAYBILL_READ(Int64));
    case Field::CPPTYPE_BOOL:
      return bj::value(WAYBILL_READ(Bool));
    case Field::CPPTYPE_DOUBLE:
      return double_to_json(WAYBILL_READ(Double));
    case Field::CPPTYPE_STRING:
      return bj::value(json::text(WAYBILL_READ(String)));
    case Field::CPPTYPE_ENUM:
      return enum_to_json(at.field, WAYBILL_READ(EnumValue));
    case Field::CPPTYPE_MESSAGE:
      return message_to_json(message_at(at));
    default:
      return fail(Code::internal, "has a type that this server does not convert");
  }
}

#undef WAYBILL_READ

Result<bj::value> map_to_json(const pb::Message& message, const Field& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  const Field& key = *field.message_type()->map_key();
  const Field& value = *field.message_type()->map_value();
  bj::object object;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const pb::Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    auto member = value_to_json({.message = entry, .field = value, .index = std::nullopt});
    if (!member) return member;
    object.insert_or_assign(entry.GetReflection()->GetString(entry, &key), std::move(*member));
  }
  return bj::value(std::move(object));
}

Result<bj::value> list_to_json(const pb::Message& message, const Field& field) {
  bj::array array;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    auto element = value_to_json({.message = message, .field = field, .index = i});
    if (!element) {
      Error error = std::move(element.error());
      const bool nested = error.message.starts_with('/');
      error.message = "/" + std::to_string(i) + (nested ? "" : ": ") + error.message;
      return fail(std::move(error));
    }
    array.push_back(std::move(*element));
  }
  return bj::value(std::move(array));
}

/// Whether the field is left out. A plain one that has to be given is not, so that the document's
/// rules say what is wrong with it.
bool is_unset(const pb::Message& message, const Field& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) == 0;
  if (field.has_presence()) return !reflection.HasField(message, &field);
  return field.cpp_type() == Field::CPPTYPE_ENUM && reflection.GetEnumValue(message, &field) == 0;
}

// ---- into messages ----

template <class Number>
std::optional<Number> number_of(const bj::value& json) {
  if (!json.is_number()) return std::nullopt;
  boost::system::error_code problem;
  const auto number = json.to_number<Number>(problem);
  if (problem) return std::nullopt;
  return number;
}

Status no_room() { return fail(Code::internal, "is nothing that its field can hold"); }

pb::Message& new_message(pb::Message& message, const Field& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? *reflection.AddMessage(&message, &field)
                             : *reflection.MutableMessage(&message, &field);
}

Status set_message(const bj::value& json, pb::Message& message) {
  if (is_known_type(*message.GetDescriptor())) return known_from_json(json, message);
  if (!json.is_object()) return no_room();
  return from_json(json.get_object(), message);
}

#define WAYBILL_WRITE(TYPE, VALUE)                                                   \
  (field.is_repeated() ? message.GetReflection()->Add##TYPE(&message, &field, VALUE) \
                       : message.GetReflection()->Set##TYPE(&message, &field, VALUE))

/// Sets a field, or adds to a list.
Status put(const bj::value& json, pb::Message& message, const Field& field) {
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32: {
      const auto number = number_of<std::int32_t>(json);
      if (!number) return no_room();
      WAYBILL_WRITE(Int32, *number);
      return {};
    }
    case Field::CPPTYPE_INT64: {
      const auto number = number_of<std::int64_t>(json);
      if (!number) return no_room();
      WAYBILL_WRITE(Int64, *number);
      return {};
    }
    case Field::CPPTYPE_DOUBLE:
      if (!json.is_number()) return no_room();
      WAYBILL_WRITE(Double, json.to_number<double>());
      return {};
    case Field::CPPTYPE_BOOL:
      if (!json.is_bool()) return no_room();
      WAYBILL_WRITE(Bool, json.get_bool());
      return {};
    case Field::CPPTYPE_STRING:
      if (!json.is_string()) return no_room();
      WAYBILL_WRITE(String, std::string(json.get_string()));
      return {};
    case Field::CPPTYPE_ENUM:
      if (!json.is_string()) return no_room();
      // One that this message does not know yet is as one that is not given.
      WAYBILL_WRITE(EnumValue, enum_number(*field.enum_type(), json.get_string()).value_or(0));
      return {};
    case Field::CPPTYPE_MESSAGE:
      return set_message(json, new_message(message, field));
    default:
      return no_room();
  }
}

#undef WAYBILL_WRITE

Status put_map(const bj::object& object, pb::Message& message, const Field& field) {
  for (const auto& member : object) {
    pb::Message& entry = new_message(message, field);
    entry.GetReflection()->SetString(&entry, field.message_type()->map_key(),
                                     std::string(member.key()));
    Status set = put(member.value(), entry, *field.message_type()->map_value());
    if (!set) return set;
  }
  return {};
}

Status put_all(const bj::value& json, pb::Message& message, const Field& field) {
  if (field.is_map()) {
    return json.is_object() ? put_map(json.get_object(), message, field) : no_room();
  }
  if (!field.is_repeated()) return put(json, message, field);
  if (!json.is_array()) return no_room();
  for (const auto& element : json.get_array()) {
    if (Status added = put(element, message, field); !added) return added;
  }
  return {};
}

}  // namespace

Result<bj::object> to_json(const pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  bj::object object;
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    if (is_unset(message, field)) continue;
    auto value = field.is_map()        ? map_to_json(message, field)
                 : field.is_repeated() ? list_to_json(message, field)
                                       : value_to_json({.message = message, .field = field});
    if (!value) return fail(at_field(std::move(value.error()), field));
    object.insert_or_assign(field.name(), std::move(*value));
  }
  return object;
}

Status from_json(const bj::object& object, pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    const bj::value* member = object.if_contains(field.name());
    if (member == nullptr || member->is_null()) continue;
    if (Status set = put_all(*member, message, field); !set) {
      return fail(at_field(std::move(set.error()), field));
    }
  }
  return {};
}

Status read_message(std::string_view bytes, pb::Message& message) {
  pb::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                 static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kDepthMax);
  if (message.ParseFromCodedStream(&input) && input.ConsumedEntireMessage()) return {};
  return fail(Code::invalid_argument, "this is no " + message.GetDescriptor()->full_name() +
                                          ": its bytes cannot be read as one");
}

}  // namespace waybill::rpc
