#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/json_schema.h"

namespace waybill::pipeline {

enum class WaitKind : std::uint8_t { time, http, approval };

/// A wait as it begins, its expressions replaced.
struct Wait {
  WaitKind kind = WaitKind::time;
  Time until{};     ///< time: when it is over
  std::string url;  ///< http: is over when this answers with one of `statuses`
  std::vector<int> statuses;
  Duration every{};     ///< http: between two questions
  Duration timeout{};   ///< http: of its own; zero: none
  std::string who_may;  ///< approval: JSON of a rule; empty: whoever may start the run

  bool operator==(const Wait&) const = default;
};

/// Reads a wait that began at `now`. `invalid_argument` begins with the pointer of the field.
Result<Wait> read_wait(const boost::json::value& wait, Time now);

/// A wait as it is defined, a JSON text, with `until` as a template: what is no time there is an
/// expression, also without `${{ }}`.
boost::json::value wait_template(std::string_view wait);

/// Of a wait as it is defined, a JSON text: whether nothing but time ends it.
bool is_for_time(std::string_view wait);

/// What is wrong with a wait as it is defined, a JSON text; of expressions only that they are
/// there.
std::vector<SchemaViolation> check_wait(std::string_view wait);

}  // namespace waybill::pipeline
