#include "rpc/enum_text.h"

#include <google/protobuf/descriptor.h>

#include "base/ascii.h"

namespace waybill::rpc {
namespace {

/// "CONDITION_REASON_" for ConditionReason.
std::string prefix_of(const google::protobuf::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && !prefix.empty()) prefix += '_';
    prefix += to_upper(c);
  }
  return prefix + "_";
}

}  // namespace

std::string enum_text(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  const std::string prefix = prefix_of(type);
  if (number == 0 || value == nullptr || !value->name().starts_with(prefix)) return "";
  return to_lower(value->name().substr(prefix.size()));
}

std::optional<int> enum_number(const google::protobuf::EnumDescriptor& type,
                               std::string_view text) {
  std::string name = prefix_of(type);
  for (const char c : text) name += to_upper(c);
  const auto* value = type.FindValueByName(name);
  if (value == nullptr) return std::nullopt;
  return value->number();
}

}  // namespace waybill::rpc
