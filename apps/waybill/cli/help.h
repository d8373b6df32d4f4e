#pragma once

#include <span>
#include <string>

#include "apps/waybill/cli/command.h"

namespace waybill::cli {

/// Help on one command: examples first, then usage and options.
std::string command_help(const Command& command);

/// The list of commands, of all or of those that begin with `noun`.
std::string overview(std::span<const Command> commands, std::string_view noun);

}  // namespace waybill::cli
