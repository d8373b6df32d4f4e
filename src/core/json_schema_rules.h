#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/json.h"

namespace waybill::schema {

/// The keywords that a check looks at, those of one group together.
enum class Keyword : std::uint8_t {
  type,
  constant,  ///< `const`
  choices,   ///< `enum`
  min_length,
  max_length,
  min_items,
  max_items,
  min_properties,
  max_properties,
  minimum,
  maximum,
  exclusive_minimum,
  exclusive_maximum,
  multiple_of,
  reference,  ///< `$ref`
  all_of,
  any_of,
  one_of,
  negation,   ///< `not`
  condition,  ///< `if`
  then,
  otherwise,  ///< `else`
  pattern,
  format,
  prefix_items,
  items,
  contains,
  unique_items,
  required,
  property_names,
  properties,
  pattern_properties,
  additional_properties,
};
constexpr std::size_t kKeywordCount = 33;

/// What one schema says, found once: a check asks for most of the keywords at every value, and few
/// of them are there.
class Rules {
 public:
  explicit Rules(const boost::json::object& schema);

  /// Null: the schema does not say.
  const boost::json::value* operator[](Keyword keyword) const {
    return said_[static_cast<std::size_t>(keyword)];
  }
  /// Where `$ref` leads; set once all of the document is known to be right.
  const boost::json::value& target() const { return *target_; }
  void lead_to(const boost::json::value& target) { target_ = &target; }
  bool has_values() const { return has(Keyword::constant, Keyword::choices); }
  bool has_bounds() const { return has(Keyword::min_length, Keyword::multiple_of); }
  bool has_combinations() const { return has(Keyword::reference, Keyword::condition); }

 private:
  bool has(Keyword first, Keyword last) const {
    const std::uint64_t up_to_last = (std::uint64_t{2} << static_cast<int>(last)) - 1;
    const std::uint64_t before_first = (std::uint64_t{1} << static_cast<int>(first)) - 1;
    return (mask_ & up_to_last & ~before_first) != 0;
  }

  std::array<const boost::json::value*, kKeywordCount> said_{};
  std::uint64_t mask_ = 0;
  const boost::json::value* target_ = nullptr;
};

/// Of each schema in a document, by its place in memory.
using RulesMap = std::unordered_map<const boost::json::object*, Rules>;

}  // namespace waybill::schema
