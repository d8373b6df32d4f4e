#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// Reads an amount of bytes: `0`, `4096`, `64KiB`, `256MiB`, `1.5GiB`, `2TiB`, and the decimal
/// `kB`, `MB`, `GB`, `TB`. `invalid_argument` for anything else and for what does not fit 63 bits.
Result<std::int64_t> parse_size(std::string_view text);

/// 0B, 512B, 1KiB, 1.5MiB: the largest binary unit that gives at most three digits after the point.
std::string format_size(std::int64_t bytes);

}  // namespace waybill
