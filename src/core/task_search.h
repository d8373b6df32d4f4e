#pragma once

#include <string_view>

#include "core/task.h"

namespace waybill {

/// Whether the task has each of these labels with just that value.
bool has_labels(const Task& task, const Labels& labels);

/// Whether a task says this anywhere that people write: in its definition, spec, params, labels,
/// error or result. By bytes.
bool mentions(const Task& task, std::string_view text);

}  // namespace waybill
