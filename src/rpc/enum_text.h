#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace google::protobuf {
class EnumDescriptor;
}  // namespace google::protobuf

namespace waybill::rpc {

/// The text that stands for a value in JSON: "ready" for STATE_READY of State. Empty: the enum has
/// no such value, or it is the one that says nothing (0).
std::string enum_text(const google::protobuf::EnumDescriptor& type, int number);

/// The value that a text stands for; none: the enum has none.
std::optional<int> enum_number(const google::protobuf::EnumDescriptor& type, std::string_view text);

}  // namespace waybill::rpc
