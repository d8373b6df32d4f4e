#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/artifact.h"
#include "core/pipeline/fingerprint.h"
#include "core/task_input.h"

namespace waybill::pipeline {

/// What expressions see as `steps.NAME.artifacts`: `{"a/b.csv": {name, sha256, size_bytes,
/// media_type}}`. What a file is counts, not which task made it: a step that makes the same again
/// changes nothing for those after it.
std::string to_json_text(std::span<const Artifact> artifacts);

/// The files that the value of `inputs` names, in the order of their names. An artifact is a file;
/// a map puts what its members name below their keys, a list below 0, 1, …, where null is nothing
/// (an instance that did not succeed). An artifact alone has its own name. `invalid_argument` as
/// check_inputs, and for all else, with the place in the value.
Result<std::vector<TaskInput>> inputs_of(const boost::json::value& value);

/// `inputs.NAME` for each.
void add_inputs(std::span<const TaskInput> inputs, Fingerprint& fingerprint);

/// The names in `inputs` that are written out and may not be: empty if all may.
std::string wrong_input_name(const boost::json::value& value);

}  // namespace waybill::pipeline
