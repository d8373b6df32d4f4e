#pragma once

#include <string>

#include "base/result.h"

namespace waybill::cli {

/// A value that must not stand on a command line: from a file, or without one from standard input;
/// a terminal is asked, and does not show what is typed. One line end at its end is no part of it.
/// Blocks. `what` is said to a person.
Result<std::string> read_secret_input(const std::string& file, const std::string& what);

}  // namespace waybill::cli
