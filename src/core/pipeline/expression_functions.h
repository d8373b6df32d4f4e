#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string_view>

#include "base/result.h"
#include "core/pipeline/expression_tree.h"

namespace waybill::pipeline {

inline constexpr std::string_view kBudgetUsedUp =
    "this takes more steps than an evaluation may; take less of the data, or leave it to a task";

/// A function of values, given as many as it takes. `invalid_argument` for what it can't do with
/// them, `resource_exhausted` when the budget is used up.
Result<boost::json::value> call_function(Function function,
                                         std::span<const boost::json::value* const> arguments,
                                         EvaluationBudget& budget);

}  // namespace waybill::pipeline
