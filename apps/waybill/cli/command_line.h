#pragma once

#include <span>
#include <string>
#include <vector>

#include "apps/waybill/cli/command.h"

namespace waybill::cli {

/// A command line that was understood.
struct Parsed {
  const Command* command = nullptr;  ///< null: help on `topic` was asked for
  std::string topic;                 ///< `task`, or empty for the whole
  Invocation invocation;
};

/// Reads arguments (without the program's name) for one of `commands`. `invalid_argument` says what
/// is not known, what is missing, and where help is.
Result<Parsed> parse_command_line(std::span<const Command> commands,
                                  const std::vector<std::string>& arguments);

}  // namespace waybill::cli
