#include <boost/json.hpp>
#include <cmath>
#include <functional>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "core/pipeline/expression.h"
#include "core/pipeline/expression_functions.h"
#include "core/pipeline/expression_tree.h"
#include "core/pipeline/expression_value.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// A value that was made here, or one of the contexts that outlives the evaluation: so that a path
/// through a big context copies nothing.
struct Operand {
  bj::value made;
  const bj::value* lent = nullptr;
  bool filtered = false;  ///< what `.*` made: a further member is taken of each element

  const bj::value& get() const { return lent == nullptr ? made : *lent; }
};

Operand make(bj::value value) { return {.made = std::move(value)}; }

class Evaluator {
 public:
  Evaluator(const ExpressionTree& tree, const Names& names, EvaluationBudget& budget)
      : tree_(tree), names_(names), budget_(budget) {}

  Result<bj::value> run() {
    Operand result = node(static_cast<std::uint32_t>(tree_.nodes.size() - 1));
    if (error_) return fail(*error_);
    if (result.lent == nullptr) return std::move(result.made);
    if (!weigh(*result.lent, budget_)) {
      exhausted(tree_.nodes.back());
      return fail(*error_);
    }
    return *result.lent;
  }

 private:
  Operand node(std::uint32_t index) {
    const Node& at = tree_.nodes[index];
    if (error_ || !spend(at, 1)) return {};
    switch (at.kind) {
      case NodeKind::literal:
        return literal(at);
      case NodeKind::context:
        return context(at);
      case NodeKind::member:
        return member(at);
      case NodeKind::filter:
        return filter(at);
      case NodeKind::negation:
        return make(!is_truthy(node(at.children[0]).get()));
      case NodeKind::conjunction:
        return either(at, false);
      case NodeKind::disjunction:
        return either(at, true);
      case NodeKind::call:
        return call(at);
      default:
        return comparison(at);
    }
  }

  Operand literal(const Node& at) {
    if (const auto* text = std::get_if<std::string>(&at.literal)) {
      return spend(at, text->size()) ? make(json::text(*text)) : Operand{};
    }
    if (const auto* flag = std::get_if<bool>(&at.literal)) return make(*flag);
    if (const auto* whole = std::get_if<std::int64_t>(&at.literal)) return make(*whole);
    if (const auto* large = std::get_if<std::uint64_t>(&at.literal)) return make(*large);
    if (const auto* number = std::get_if<double>(&at.literal)) return make(*number);
    return {};
  }

  Operand context(const Node& at) {
    return {.lent = names_.find(std::get<std::string>(at.literal))};
  }

  Operand comparison(const Node& at) {
    const Operand left = node(at.children[0]);
    const Operand right = node(at.children[1]);
    if (error_) return {};
    const auto compared = compare_loosely(left.get(), right.get(), budget_);
    if (!compared) return exhausted(at);
    switch (at.kind) {
      case NodeKind::less:
        return make(compared->less);
      case NodeKind::less_equal:
        return make(compared->less || compared->equal);
      case NodeKind::greater:
        return make(compared->greater);
      case NodeKind::greater_equal:
        return make(compared->greater || compared->equal);
      case NodeKind::equal:
        return make(compared->equal);
      default:
        return make(!compared->equal);
    }
  }

  /// The first operand that decides, or the last one.
  Operand either(const Node& at, bool decisive) {
    Operand value;
    for (const std::uint32_t child : at.children) {
      value = node(child);
      if (error_ || is_truthy(value.get()) == decisive) break;
    }
    return value;
  }

  Operand member(const Node& at) {
    const Node& of = tree_.nodes[at.children[0]];
    const Operand name = node(at.children[1]);
    if (error_) return {};
    if (of.kind == NodeKind::context && name.get().is_string()) {
      const std::string& context = std::get<std::string>(of.literal);
      if (names_.find(context) == nullptr) {
        return {.lent = names_.find_member(context, std::string_view(name.get().get_string()))};
      }
    }
    Operand value = node(at.children[0]);
    if (error_) return {};
    if (!value.filtered) return step(at, value, name.get());
    Operand picked = make(bj::array());
    picked.filtered = true;
    for (const bj::value& element : value.get().get_array()) {
      const bj::value* found = member_of(element, name.get());
      if (!spend(at, 1)) return {};
      if (found == nullptr) continue;
      if (!weigh(*found, budget_)) return exhausted(at);
      picked.made.get_array().push_back(*found);
    }
    return picked;
  }

  /// A member of what was made here is made too; of what is lent it is lent.
  Operand step(const Node& at, const Operand& value, const bj::value& name) {
    const bj::value* found = member_of(value.get(), name);
    if (found == nullptr) return {};
    if (value.lent != nullptr) return {.lent = found};
    if (!weigh(*found, budget_)) return exhausted(at);
    return make(*found);
  }

  static const bj::value* member_of(const bj::value& value, const bj::value& name) {
    if (value.is_object() && is_scalar(name)) {
      return value.get_object().if_contains(json::text(value_text(name)));
    }
    if (!value.is_array() || name.is_string() || name.is_bool() || !name.is_number()) {
      return nullptr;
    }
    const double index = name.to_number<double>();
    const auto size = static_cast<double>(value.get_array().size());
    if (!(index >= 0 && index < size)) return nullptr;
    return &value.get_array()[static_cast<std::size_t>(index)];
  }

  Operand filter(const Node& at) {
    const Operand value = node(at.children[0]);
    if (error_) return {};
    Operand result = make(bj::array());
    result.filtered = true;
    if (!value.filtered) {
      spread(at, value.get(), result.made.get_array());
    } else {
      for (const bj::value& element : value.get().get_array()) {
        spread(at, element, result.made.get_array());
      }
    }
    return result;
  }

  void spread(const Node& at, const bj::value& value, bj::array& into) {
    if (is_scalar(value) || error_) return;
    if (!weigh(value, budget_)) {
      exhausted(at);
    } else if (value.is_array()) {
      into.insert(into.end(), value.get_array().begin(), value.get_array().end());
    } else {
      for (const auto& inner : value.get_object()) into.push_back(inner.value());
    }
  }

  Operand call(const Node& at) {
    switch (at.function) {
      case Function::success:
        return make(names_.status(StatusFunction::success));
      case Function::failure:
        return make(names_.status(StatusFunction::failure));
      case Function::cancelled:
        return make(names_.status(StatusFunction::cancelled));
      case Function::always:
        return make(names_.status(StatusFunction::always));
      default:
        break;
    }
    std::vector<Operand> operands;
    std::vector<const bj::value*> arguments;
    for (const std::uint32_t child : at.children) operands.push_back(node(child));
    if (error_) return {};
    for (const Operand& operand : operands) arguments.push_back(&operand.get());
    auto result = call_function(at.function, arguments, budget_);
    if (result) return make(std::move(*result));
    return refuse(at, result.error().code, result.error().message);
  }

  bool spend(const Node& at, std::size_t steps) {
    if (budget_.spend(steps)) return true;
    exhausted(at);
    return false;
  }
  Operand exhausted(const Node& at) {
    return refuse(at, Code::resource_exhausted, std::string(kBudgetUsedUp));
  }
  Operand refuse(const Node& at, Code code, std::string message) {
    if (!error_) {
      const Position position = position_of(tree_.text, at.offset);
      error_ = Error{.code = code,
                     .message = to_string(ExpressionError{
                         .offset = at.offset, .at = position, .message = std::move(message)})};
    }
    return {};
  }

  const ExpressionTree& tree_;
  const Names& names_;
  EvaluationBudget& budget_;
  std::optional<Error> error_;
};

}  // namespace

Result<bj::value> Expression::evaluate(const Names& names, EvaluationBudget& budget) const {
  return Evaluator(*tree_, names, budget).run();
}

}  // namespace waybill::pipeline
