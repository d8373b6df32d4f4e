#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill::cli {

class Session;

/// `--name VALUE`, or a flag where `value` is empty.
struct Option {
  std::string_view name;
  std::string_view value;
  std::string_view help;
  enum class Times : std::uint8_t { once, many } times = Times::once;
  char letter = '\0';  ///< `-f`; none where it is zero
  /// The option beside which it is the command's own; without that it is the setting of that name.
  /// Empty: it always is.
  std::string_view beside{};
};

/// An argument without a name.
struct Positional {
  std::string_view name;  ///< in capitals
  std::string_view help;
  /// `many`: one at least; `any`: none too.
  enum class Times : std::uint8_t { one, optional, many, any } times = Times::one;
};

/// What was given on the command line.
class Invocation {
 public:
  std::string command;                                                  ///< its path: `task create`
  std::map<std::string, std::vector<std::string>, std::less<>> values;  ///< options by name
  std::vector<std::string> positionals;
  std::vector<std::string> rest;  ///< what stood behind `--`

  bool has(std::string_view name) const { return values.contains(name); }
  /// The value given last; empty if none was.
  std::string text(std::string_view name) const;
  /// All values; empty if none was given.
  std::vector<std::string> texts(std::string_view name) const;
};

/// The status that the process ends with, or why the command came to nothing.
using Exit = Result<int>;

/// A command as data: help, checks and completion come from it.
struct Command {
  std::string_view path;     ///< `task create`
  std::string_view summary;  ///< one line, without a full stop
  std::vector<std::string_view> examples{};
  std::string_view details{};  ///< for --help; may be empty
  std::vector<Positional> positionals{};
  std::vector<Option> options{};
  /// Said after "is one argument too many".
  std::string_view surplus_hint{};
  /// What stands behind `--`; empty: nothing may.
  std::string_view rest{};
  /// Whether --help lists all settings, or only says where they are shown.
  enum class Settings : std::uint8_t { named, listed } settings = Settings::named;
  Exit (*run)(Session&, const Invocation&) = nullptr;
};

/// Whether the command has an option of that name, and not the setting, as it was called.
bool is_own_option(const Command& command, const Invocation& invocation, std::string_view name);

/// Options that every command takes: --json, --quiet, --config and all settings.
std::vector<Option> common_options();

}  // namespace waybill::cli
