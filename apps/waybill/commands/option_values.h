#pragma once

#include <cstdint>
#include <string_view>

#include "apps/waybill/cli/command.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill::cli {

struct DurationRange {
  Duration least{};
  Duration most{};
};
/// The duration of an option, or the fallback if it was not given. `invalid_argument` names the
/// option and its range.
Result<Duration> duration_option(const Invocation& invocation, std::string_view name,
                                 Duration fallback, DurationRange range);

struct NumberRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};
Result<std::int64_t> number_option(const Invocation& invocation, std::string_view name,
                                   std::int64_t fallback, NumberRange range);

}  // namespace waybill::cli
