#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/task_input.h"
#include "kinds/command/spec.h"
#include "ports/task_kind.h"

namespace waybill {

/// Whose files they are to be: the worker's own, or for any user to read.
enum class InputReaders : std::uint8_t { own, all };

/// Lays the inputs of a task into `directory`, a path below its scratch directory, where nothing of
/// its program has been yet: each a file for reading only, its digest and size checked. Errors as
/// of TaskArtifacts::fetch; `data_loss` for another size; `out_of_range` if they are more than the
/// spec allows.
Status lay_inputs(const CommandSpec& spec, const std::string& directory, InputReaders readers,
                  TaskContext& context);

/// What comes of an attempt that could not be given its inputs.
Outcome without_inputs(const Error& error, TaskContext& context);

}  // namespace waybill
