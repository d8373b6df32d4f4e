#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

enum class GoFlagType : std::uint8_t { text, boolean, integer, duration };

/// A flag of a program that is written in Go, or reads its flags as Go's `flag` package does.
struct GoFlag {
  std::string_view name;
  GoFlagType type = GoFlagType::text;
  std::string_view fallback;  ///< the default, as it would be written
  std::string_view value;     ///< what stands for the value in help: URL; empty for booleans
  std::string_view help;
};

struct GoFlagsParsed {
  std::map<std::string, std::string, std::less<>> values;  ///< of those given; the last one counts
  bool help = false;                                       ///< -h, -help: nothing else matters
};

/// Reads arguments as Go's `flag` package does: one dash or two, `-name=value` or `-name value`,
/// `-bool` alone or `-bool=false`, `--` ends the flags. Unlike Go, which stops at the first
/// argument that is no flag and lets the rest go unseen, refuses it. `invalid_argument` says what
/// is wrong in Go's words and what to do.
Result<GoFlagsParsed> parse_go_flags(std::span<const GoFlag> flags,
                                     std::span<const std::string> arguments);

/// Whether text is a value of the type; `invalid_argument` says why not. For booleans what Go's
/// strconv.ParseBool takes.
Status check_go_value(const GoFlag& flag, std::string_view text);

/// The value of a text that check_go_value accepted.
bool go_boolean(std::string_view text);
/// Decimal, or with 0x, 0o, 0b or 0 in front; underscores may stand between digits.
Result<std::int64_t> go_integer(std::string_view text);

}  // namespace waybill
