#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// The command of a process of a Procfile, for a shell: lines `NAME: COMMAND`, as Heroku has them.
/// `not_found` lists the processes that there are.
Result<std::string> procfile_command(std::string_view text, std::string_view process);

}  // namespace waybill
