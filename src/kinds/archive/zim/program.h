#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "ports/clock.h"

namespace waybill {

struct ProgramCall {
  std::vector<std::string> argv;  ///< found by PATH
  /// Each line of what it says, on both of its outputs, without the line's end; at most 64 KiB of a
  /// line. An error ends it with that.
  std::function<Status(std::string_view)> on_line;
};
/// Runs a program of this machine with an empty environment but for PATH and a locale of UTF-8, in
/// a process group of its own; answers its exit status, 128 and the signal if one ended it. It is
/// killed with the worker, and its group when the time is over or a stop is asked for. Blocks.
/// `failed_precondition` where it is not installed, `deadline_exceeded`, `cancelled`.
Result<int> run_program(const ProgramCall& call, Clock& clock, const Deadline& deadline);

}  // namespace waybill
