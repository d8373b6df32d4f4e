#pragma once

#include <cstdint>
#include <string_view>

#include "apps/waybill/cli/command.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill::cli {

/// Reads options that have types. Each gives `otherwise` if the option was not given, and
/// `invalid_argument` with the option's name and what it takes.

struct DurationRange {
  Duration least{};
  Duration most = Duration::max();
};
/// Not negative unless the range says otherwise.
Result<Duration> duration_option(const Invocation& invocation, std::string_view name,
                                 Duration otherwise, DurationRange range = {});

struct IntegerRange {
  std::int64_t least = INT64_MIN;
  std::int64_t most = INT64_MAX;
};
Result<std::int64_t> integer_option(const Invocation& invocation, std::string_view name,
                                    std::int64_t otherwise, IntegerRange range);

/// RFC 3339; not set if it was not given.
Result<Time> time_option(const Invocation& invocation, std::string_view name);

}  // namespace waybill::cli
