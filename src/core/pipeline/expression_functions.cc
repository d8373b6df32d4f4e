#include "core/pipeline/expression_functions.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "core/pipeline/expression_value.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

using Arguments = std::span<const bj::value* const>;

tl::unexpected<Error> used_up() {
  return fail(Code::resource_exhausted, std::string(kBudgetUsedUp));
}

/// The text of each argument that is no list or map, in lower case.
std::string folded(const bj::value& value) { return to_lower(value_text(value)); }

/// A copy of a value's text is as dear as the value.
bool afford(Arguments arguments, EvaluationBudget& budget) {
  return std::all_of(arguments.begin(), arguments.end(),
                     [&](const bj::value* each) { return weigh(*each, budget).has_value(); });
}

Result<bj::value> contains(Arguments arguments, EvaluationBudget& budget) {
  if (arguments[0]->is_array()) {
    for (const bj::value& element : arguments[0]->get_array()) {
      const auto compared = compare_loosely(element, *arguments[1], budget);
      if (!compared) return used_up();
      if (compared->equal) return bj::value(true);
    }
    return bj::value(false);
  }
  if (!is_scalar(*arguments[0]) || !is_scalar(*arguments[1])) return bj::value(false);
  if (!afford(arguments, budget)) return used_up();
  const std::string where = folded(*arguments[0]);
  const std::string what = folded(*arguments[1]);
  // A search of a long text for a long one costs more than both are long.
  if (!budget.spend(where.size() * (1 + what.size() / 64))) return used_up();
  return bj::value(where.find(what) != where.npos);
}

Result<bj::value> begins_or_ends(Function function, Arguments arguments, EvaluationBudget& budget) {
  if (!is_scalar(*arguments[0]) || !is_scalar(*arguments[1])) return bj::value(false);
  if (!afford(arguments, budget)) return used_up();
  const std::string where = folded(*arguments[0]);
  const std::string what = folded(*arguments[1]);
  return bj::value(function == Function::starts_with ? where.starts_with(what)
                                                     : where.ends_with(what));
}

/// The number in {N} at `at`, which is left behind the closing brace; none if there is no such.
std::optional<std::size_t> read_place(std::string_view format, std::size_t& at) {
  const std::size_t close = format.find('}', at);
  if (close == format.npos || close == at + 1 || close - at > 5) return std::nullopt;
  std::size_t index = 0;
  for (const char c : format.substr(at + 1, close - at - 1)) {
    if (!is_digit(c)) return std::nullopt;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  at = close + 1;
  return index;
}

Result<bj::value> format(Arguments arguments, EvaluationBudget& budget) {
  if (!weigh(*arguments[0], budget)) return used_up();
  const std::string format = value_text(*arguments[0]);
  std::string text;
  for (std::size_t at = 0; at < format.size();) {
    const char c = format[at];
    if ((c == '{' || c == '}') && at + 1 < format.size() && format[at + 1] == c) {
      text += c;
      at += 2;
    } else if (c == '{') {
      const auto index = read_place(format, at);
      if (!index) return fail(Code::invalid_argument, "format: a brace is written {{");
      if (*index + 1 >= arguments.size()) {
        return fail(Code::invalid_argument,
                    "format: there is no value for {" + std::to_string(*index) + "}");
      }
      if (!weigh(*arguments[*index + 1], budget)) return used_up();
      const std::string value = value_text(*arguments[*index + 1]);
      if (!budget.spend(value.size())) return used_up();
      text += value;
    } else if (c == '}') {
      return fail(Code::invalid_argument, "format: a brace is written }}");
    } else {
      text += c;
      ++at;
    }
  }
  return bj::value(json::text(text));
}

Result<bj::value> join(Arguments arguments, EvaluationBudget& budget) {
  if (!afford(arguments, budget)) return used_up();
  if (!arguments[0]->is_array()) return bj::value(json::text(value_text(*arguments[0])));
  const std::string separator = arguments.size() > 1 ? value_text(*arguments[1]) : ",";
  std::string text;
  bool first = true;
  for (const bj::value& element : arguments[0]->get_array()) {
    if (!budget.spend(1 + separator.size())) return used_up();
    if (!first) text += separator;
    first = false;
    text += value_text(element);
  }
  if (!budget.spend(text.size())) return used_up();
  return bj::value(json::text(text));
}

Result<bj::value> to_json(const bj::value& value, EvaluationBudget& budget) {
  if (!weigh(value, budget)) return used_up();
  const std::string text = json_text(value);
  if (!budget.spend(text.size())) return used_up();
  return bj::value(json::text(text));
}

Result<bj::value> from_json(const bj::value& value, EvaluationBudget& budget) {
  if (!value.is_string()) return value;  // a number or a list is what it is
  const auto size = weigh(value, budget);
  if (!size || !budget.spend(*size)) return used_up();
  auto read = json::parse(std::string_view(value.get_string()));
  if (!read) return fail(with_context(read.error(), "fromJSON"));
  return std::move(*read);
}

}  // namespace

Result<bj::value> call_function(Function function, Arguments arguments, EvaluationBudget& budget) {
  switch (function) {
    case Function::contains:
      return contains(arguments, budget);
    case Function::starts_with:
    case Function::ends_with:
      return begins_or_ends(function, arguments, budget);
    case Function::format:
      return format(arguments, budget);
    case Function::join:
      return join(arguments, budget);
    case Function::to_json:
      return to_json(*arguments[0], budget);
    case Function::from_json:
      if (!weigh(*arguments[0], budget)) return used_up();
      return from_json(*arguments[0], budget);
    default:
      return fail(Code::internal, "a function of the run, not of values");
  }
}

}  // namespace waybill::pipeline
