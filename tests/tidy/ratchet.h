#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tidy/rules.h"

namespace waybill::tidy {

/// What is over a limit today: it may shrink, never grow. A line each: `rule path amount reason`.
struct Ratchet {
  using Key = std::pair<std::string, std::string>;  ///< rule, path
  std::map<Key, std::size_t> allowed;
  std::vector<std::string> errors;  ///< lines that cannot be read, or give no reason
};

Ratchet parse_ratchet(std::string_view text);

/// What to complain about: findings beyond what is allowed, and lines that allow more than there
/// is.
std::vector<std::string> compare(const Ratchet& ratchet, const Findings& findings);

}  // namespace waybill::tidy
