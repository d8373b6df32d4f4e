#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string_view>

#include "core/pipeline/expression.h"

namespace waybill::pipeline {

/// What two values are to each other, by GitHub's loose rules: of different kinds they are compared
/// as numbers, texts without regard to the case of ASCII letters; lists and maps have no order.
struct Comparison {
  bool equal = false;
  bool less = false;
  bool greater = false;
};
/// None if the budget is used up.
std::optional<Comparison> compare_loosely(const boost::json::value& left,
                                          const boost::json::value& right,
                                          EvaluationBudget& budget);

/// Whether this is neither a list nor a map.
bool is_scalar(const boost::json::value& value);
/// Nodes and bytes of text of a value; none if that is more than the budget has left.
std::optional<std::size_t> weigh(const boost::json::value& value, EvaluationBudget& budget);

/// Compact JSON, its numbers as value_text writes them.
std::string json_text(const boost::json::value& value);

}  // namespace waybill::pipeline
