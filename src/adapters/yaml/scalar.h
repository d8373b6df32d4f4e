#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace waybill::yaml {

/// A number that YAML has and JSON has not.
struct NotInJson {
  std::string why;
};
using Scalar =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, NotInJson>;

/// What an unquoted scalar means in YAML 1.2's core schema (YAML 1.2.2, 10.3.2).
Scalar read_plain_scalar(std::string_view text);

}  // namespace waybill::yaml
