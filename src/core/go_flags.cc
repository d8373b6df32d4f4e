#include "core/go_flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "base/time.h"
#include "core/suggest.h"

namespace waybill {
namespace {

constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};

template <class Words>
bool is_one_of(const Words& words, std::string_view text) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

tl::unexpected<Error> refuse(std::string message) {
  return fail(Code::invalid_argument, std::move(message));
}

Status check_duration(std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration) return refuse("parse error: " + duration.error().message);
  if (text.find('d') != std::string_view::npos) {
    return refuse("parse error: Go's durations know no days; write 24h");
  }
  return {};
}

/// Without the underscores between digits, or between what tells the base and digits; none if one
/// stands elsewhere.
std::optional<std::string> without_underscores(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') {
      out += digits[i];
      continue;
    }
    const bool between = i > 0 && digits[i - 1] != '_' && i + 1 < digits.size();
    // 0_x10 would become 0x10.
    const bool in_prefix = i == 1 && digits[0] == '0' && between && is_letter(digits[2]);
    if (!between || in_prefix) return std::nullopt;
  }
  return out;
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

class Reader {
 public:
  Reader(std::span<const GoFlag> flags, std::span<const std::string> arguments)
      : flags_(flags), left_(arguments) {}

  Result<GoFlagsParsed> read() {
    while (!left_.empty() && !parsed_.help) {
      const std::string& argument = left_[0];
      if (argument == "--") {
        left_ = left_.subspan(1);
        if (left_.empty()) break;
        return stray(left_[0]);
      }
      if (argument.size() < 2 || argument[0] != '-') return stray(argument);
      left_ = left_.subspan(1);
      if (Status flag = read_flag(argument); !flag) return fail(flag.error());
    }
    return std::move(parsed_);
  }

 private:
  tl::unexpected<Error> stray(std::string_view argument) const {
    std::string message = "unexpected argument " + in_quotes(argument);
    message += is_one_of(kTrue, argument) || is_one_of(kFalse, argument)
                   ? ": write a flag that is true or false with an equals sign, --dry-run=true"
                   : ": everything is a flag here; a value follows its flag, --name value";
    return refuse(message);
  }

  Status read_flag(const std::string& argument) {
    std::string_view name = argument;
    name.remove_prefix(argument[1] == '-' ? 2 : 1);
    if (name.empty() || name[0] == '-' || name[0] == '=') {
      return refuse("bad flag syntax: " + argument);
    }
    const std::size_t equals = name.find('=');
    const bool has_value = equals != std::string_view::npos;
    std::string value(has_value ? name.substr(equals + 1) : std::string_view{});
    name = name.substr(0, equals);
    const auto flag = std::find_if(flags_.begin(), flags_.end(),
                                   [&](const GoFlag& known) { return known.name == name; });
    if (flag == flags_.end()) return unknown(name);
    if (!has_value) {
      if (flag->type == GoFlagType::boolean) {
        value = "true";
      } else if (left_.empty()) {
        return refuse("flag needs an argument: -" + std::string(name));
      } else {
        value = left_[0];
        left_ = left_.subspan(1);
      }
    }
    if (Status checked = check_go_value(*flag, value); !checked) {
      const bool boolean = flag->type == GoFlagType::boolean;  // Go has words of their own for them
      return refuse((boolean ? "invalid boolean value " : "invalid value ") + in_quotes(value) +
                    (boolean ? " for -" : " for flag -") + std::string(name) + ": " +
                    checked.error().message);
    }
    parsed_.values[std::string(name)] = std::move(value);
    return {};
  }

  Status unknown(std::string_view name) {
    if (name == "h" || name == "help") {
      parsed_.help = true;
      return {};
    }
    std::vector<std::string> names;
    for (const GoFlag& flag : flags_) names.emplace_back(flag.name);
    std::string suggestion = did_you_mean(name, names);
    return refuse("flag provided but not defined: -" + std::string(name) + suggestion);
  }

  const std::span<const GoFlag> flags_;
  std::span<const std::string> left_;
  GoFlagsParsed parsed_;
};

}  // namespace

Result<GoFlagsParsed> parse_go_flags(std::span<const GoFlag> flags,
                                     std::span<const std::string> arguments) {
  return Reader(flags, arguments).read();
}

Status check_go_value(const GoFlag& flag, std::string_view text) {
  switch (flag.type) {
    case GoFlagType::text:
      return {};
    case GoFlagType::boolean:
      if (is_one_of(kTrue, text) || is_one_of(kFalse, text)) return {};
      return refuse("parse error: it takes true or false");
    case GoFlagType::integer:
      if (const auto value = go_integer(text); !value) return fail(value.error());
      return {};
    case GoFlagType::duration:
      return check_duration(text);
  }
  return {};
}

bool go_boolean(std::string_view text) { return is_one_of(kTrue, text); }

Result<std::int64_t> go_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto plain = without_underscores(text);
  if (!plain) return refuse("parse error: an underscore stands between digits");
  std::string_view digits = *plain;
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char letter = static_cast<char>(digits[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    digits.remove_prefix(base == 8 && letter != 'o' ? 1 : 2);
  }
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, value, base);
  const bool signed_twice = digits.starts_with('-');
  if (error == std::errc::result_out_of_range) return refuse("value out of range");
  if (error != std::errc() || read != end || signed_twice) {
    return refuse("parse error: it takes a whole number");
  }
  return negative ? -value : value;
}

}  // namespace waybill
