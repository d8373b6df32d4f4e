#pragma once

#include <string_view>

#include "core/task.h"

namespace waybill {

/// Whether there is each of these labels with just that value.
bool has_labels(const Labels& own, const Labels& labels);
bool has_labels(const Task& task, const Labels& labels);

/// Whether this stands in the task: in its kind, definition, spec, params, labels, error or result,
/// or is the beginning of its id or 8 characters or more of it. By bytes.
bool mentions(const Task& task, std::string_view text);

}  // namespace waybill
