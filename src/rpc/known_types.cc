#include "rpc/known_types.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "base/json.h"
#include "base/time.h"

namespace waybill::rpc {
namespace {

namespace bj = boost::json;
namespace pb = google::protobuf;

// The bounds of the types themselves (timestamp.proto, duration.proto).
constexpr std::int64_t kFirstSecond = -62'135'596'800;
constexpr std::int64_t kLastSecond = 253'402'300'799;
constexpr std::int64_t kDurationSecondsMax = 315'576'000'000;
constexpr std::int32_t kNanosMax = 999'999'999;
/// Up to here every integer is a double.
constexpr double kExactMax = 9'007'199'254'740'992.0;

Result<bj::value> to_json(const pb::Timestamp& moment) {
  const bool fits = moment.seconds() >= kFirstSecond && moment.seconds() <= kLastSecond &&
                    moment.nanos() >= 0 && moment.nanos() <= kNanosMax;
  if (!fits) return fail(Code::invalid_argument, "is no Timestamp of the years 1 to 9999");
  return bj::value(format_time(from_micros(moment.seconds() * 1'000'000 + moment.nanos() / 1000)));
}

Result<bj::value> to_json(const pb::Duration& time) {
  const bool fits =
      std::abs(time.seconds()) <= kDurationSecondsMax && std::abs(time.nanos()) <= kNanosMax &&
      (time.seconds() == 0 || time.nanos() == 0 || (time.seconds() < 0) == (time.nanos() < 0));
  if (!fits) return fail(Code::invalid_argument, "is no Duration of at most 10000 years");
  return bj::value(format_duration(Duration(time.seconds() * 1'000'000 + time.nanos() / 1000)));
}

Result<bj::value> to_json(const pb::Value& value);

Result<bj::value> to_json(const pb::Struct& object) {
  bj::object members;
  for (const auto& [name, value] : object.fields()) {
    auto member = to_json(value);
    if (!member) return fail(member.error());
    members.insert_or_assign(name, std::move(*member));
  }
  return bj::value(std::move(members));
}

Result<bj::value> to_json(const pb::ListValue& list) {
  bj::array elements;
  for (const auto& value : list.values()) {
    auto element = to_json(value);
    if (!element) return element;
    elements.push_back(std::move(*element));
  }
  return bj::value(std::move(elements));
}

Result<bj::value> number_to_json(double number) {
  if (!std::isfinite(number)) {
    return fail(Code::invalid_argument, "has a number in it that JSON has not: not finite");
  }
  const bool is_integer = std::trunc(number) == number && std::abs(number) <= kExactMax;
  if (is_integer) return bj::value(static_cast<std::int64_t>(number));
  return bj::value(number);
}

Result<bj::value> to_json(const pb::Value& value) {
  switch (value.kind_case()) {
    case pb::Value::kNullValue:
      return bj::value(nullptr);
    case pb::Value::kNumberValue:
      return number_to_json(value.number_value());
    case pb::Value::kStringValue:
      return bj::value(json::text(value.string_value()));
    case pb::Value::kBoolValue:
      return bj::value(value.bool_value());
    case pb::Value::kStructValue:
      return to_json(value.struct_value());
    case pb::Value::kListValue:
      return to_json(value.list_value());
    case pb::Value::KIND_NOT_SET:
      break;
  }
  return fail(Code::invalid_argument, "has a Value in it whose kind is not set");
}

void set_value(const bj::value& json, pb::Value& value);

/// One that a double does not hold becomes text, as 64-bit integers are in the JSON of protobuf.
template <class Integer>
void set_integer(Integer number, pb::Value& value) {
  const auto nearest = static_cast<double>(number);
  // At the very end the nearest double is beyond the type.
  constexpr auto kEnd = static_cast<double>(std::numeric_limits<Integer>::max());
  const bool is_exact = nearest < kEnd && static_cast<Integer>(nearest) == number;
  if (is_exact) return value.set_number_value(nearest);
  value.set_string_value(std::to_string(number));
}

void set_struct(const bj::object& object, pb::Struct& to) {
  for (const auto& member : object) {
    set_value(member.value(), (*to.mutable_fields())[std::string(member.key())]);
  }
}

void set_value(const bj::value& json, pb::Value& value) {
  switch (json.kind()) {
    case bj::kind::null:
      return value.set_null_value(pb::NULL_VALUE);
    case bj::kind::bool_:
      return value.set_bool_value(json.get_bool());
    case bj::kind::string:
      return value.set_string_value(json.get_string().data(), json.get_string().size());
    case bj::kind::object:
      return set_struct(json.get_object(), *value.mutable_struct_value());
    case bj::kind::array:
      value.mutable_list_value();  // an empty one is a list too
      for (const auto& element : json.get_array()) {
        set_value(element, *value.mutable_list_value()->add_values());
      }
      return;
    case bj::kind::int64:
      return set_integer(json.get_int64(), value);
    case bj::kind::uint64:
      return set_integer(json.get_uint64(), value);
    case bj::kind::double_:
      return value.set_number_value(json.get_double());
  }
}

Status set_timestamp(const bj::value& json, pb::Timestamp& moment) {
  const auto* text = json.if_string();
  const auto time = parse_time(text != nullptr ? std::string_view(*text) : "");
  if (!time) return fail(Code::internal, time.error().message);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*time);
  moment.set_seconds(seconds.time_since_epoch().count());
  moment.set_nanos(static_cast<std::int32_t>((*time - seconds).count() * 1000));
  return {};
}

Status set_duration(const bj::value& json, pb::Duration& duration) {
  const auto* text = json.if_string();
  const auto time = parse_duration(text != nullptr ? std::string_view(*text) : "");
  if (!time) return fail(Code::internal, time.error().message);
  duration.set_seconds(time->count() / 1'000'000);
  duration.set_nanos(static_cast<std::int32_t>(time->count() % 1'000'000 * 1000));
  return {};
}

}  // namespace

bool is_known_type(const pb::Descriptor& type) {
  return &type == pb::Timestamp::descriptor() || &type == pb::Duration::descriptor() ||
         &type == pb::Struct::descriptor();
}

Result<bj::value> known_to_json(const pb::Message& message) {
  if (const auto* moment = dynamic_cast<const pb::Timestamp*>(&message)) return to_json(*moment);
  if (const auto* time = dynamic_cast<const pb::Duration*>(&message)) return to_json(*time);
  return to_json(dynamic_cast<const pb::Struct&>(message));
}

Status known_from_json(const bj::value& json, pb::Message& message) {
  if (auto* moment = dynamic_cast<pb::Timestamp*>(&message)) return set_timestamp(json, *moment);
  if (auto* time = dynamic_cast<pb::Duration*>(&message)) return set_duration(json, *time);
  if (!json.is_object()) return fail(Code::internal, "is no object");
  set_struct(json.get_object(), dynamic_cast<pb::Struct&>(message));
  return {};
}

}  // namespace waybill::rpc
