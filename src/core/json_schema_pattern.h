#pragma once

#include <bitset>
#include <optional>
#include <regex>
#include <string_view>

namespace waybill {

/// A `pattern` of a JSON Schema. Most say which characters a name may have, `^[a-z0-9._-]+$`: these
/// are looked up, at a fraction of what std::regex takes.
class SchemaPattern {
 public:
  /// Throws std::regex_error.
  SchemaPattern(std::string_view pattern, std::regex::flag_type flags);
  bool matches(std::string_view text) const;

 private:
  std::regex regex_;
  std::optional<std::bitset<256>> characters_;  // one or more of these, and nothing else
};

}  // namespace waybill
