#include "core/json_schema_rules.h"

#include <boost/json.hpp>

namespace waybill::schema {
namespace bj = boost::json;
namespace {

/// In the order of Keyword.
constexpr std::array<std::string_view, kKeywordCount> kNames = {
    "type",
    "const",
    "enum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "pattern",
    "format",
    "prefixItems",
    "items",
    "contains",
    "uniqueItems",
    "required",
    "propertyNames",
    "properties",
    "patternProperties",
    "additionalProperties",
};
static_assert(static_cast<std::size_t>(Keyword::additional_properties) + 1 == kKeywordCount);

}  // namespace

Rules::Rules(const bj::object& schema) {
  for (std::size_t i = 0; i < kKeywordCount; ++i) {
    said_[i] = schema.if_contains(bj::string_view(kNames[i].data(), kNames[i].size()));
    if (said_[i] != nullptr) mask_ |= std::uint64_t{1} << i;
  }
}

}  // namespace waybill::schema
