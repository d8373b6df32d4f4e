#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/document.h"

namespace waybill::pipeline {

inline constexpr std::size_t kExpressionBytesMax = 8 << 10;
inline constexpr std::size_t kExpressionNodesMax = 1'000;
inline constexpr std::size_t kExpressionDepthMax = 50;
/// Steps of one evaluation: each node, each value looked at and each byte made or compared is one.
/// What comes out is never longer.
inline constexpr std::size_t kEvaluationStepsMax = 8 << 20;

/// What is wrong in a text with expressions, and where in that text.
struct ExpressionError {
  std::size_t offset = 0;  ///< bytes
  Position at;             ///< line, and column in characters
  std::string message;

  bool operator==(const ExpressionError&) const = default;
};

/// `line 2, column 5: message`; of a text of one line only the column.
std::string to_string(const ExpressionError& error);
/// The line of `text` in which the error is, and below it a `^` under its column.
std::string with_caret(std::string_view text, const ExpressionError& error);
Position position_of(std::string_view text, std::size_t offset);

enum class StatusFunction : std::uint8_t { success, failure, cancelled, always };

/// What the names of an expression stand for, while it is evaluated.
class Names {
 public:
  virtual ~Names() = default;
  /// The value of a context. Null: there is none, or it is never whole (see find_member).
  virtual const boost::json::value* find(std::string_view context) const = 0;
  /// One member of a context that is too big to be put together as a whole. Null: none of this
  /// name; asked only where find() had nothing.
  virtual const boost::json::value* find_member(std::string_view context,
                                                std::string_view member) const = 0;
  virtual bool status(StatusFunction function) const = 0;
};

/// What evaluations may still cost together: so that they end, whatever they are.
class EvaluationBudget {
 public:
  explicit EvaluationBudget(std::size_t steps = kEvaluationStepsMax) : left_(steps) {}
  /// False if that was too much; from then on it is always.
  bool spend(std::size_t steps) {
    const bool enough = steps <= left_;
    left_ = enough ? left_ - steps : 0;
    return enough;
  }

 private:
  std::size_t left_;
};

/// A path that an expression reads: `steps.build.outputs.x` is context `steps` with three members.
/// The path ends where a member is not written out (`[expression]`, `.*`).
struct ExpressionRead {
  std::string context;
  std::vector<std::string> members;
  std::size_t offset = 0;  ///< of the context's name, in the text that was parsed

  bool operator==(const ExpressionRead&) const = default;
};

struct ExpressionTree;

/// One expression of docs/reference/expressions.md. Immutable; copies share what was parsed.
class Expression {
 public:
  /// The expression, or what is wrong with it.
  struct Parsing;
  /// `text` without `${{` and `}}`.
  static Parsing parse(std::string_view text);

  /// Ends always: there are no loops, and `budget` bounds the rest. The same names give the same
  /// value. `invalid_argument` where a function refuses what it was given, `resource_exhausted` if
  /// the budget is used up; both with the column. A member that is not there is null.
  Result<boost::json::value> evaluate(const Names& names, EvaluationBudget& budget) const;

  /// All that is read, in the order of the text.
  const std::vector<ExpressionRead>& reads() const;
  /// Whether success(), failure(), cancelled() or always() is called anywhere in it.
  bool asks_status() const;

 private:
  explicit Expression(std::shared_ptr<const ExpressionTree> tree) : tree_(std::move(tree)) {}

  std::shared_ptr<const ExpressionTree> tree_;
};

struct Expression::Parsing {
  std::optional<Expression> expression;
  ExpressionError error;  ///< where there is no expression
};

/// What an `if` takes for true: all but false, 0, NaN, '' and null.
bool is_truthy(const boost::json::value& value);
/// How a value is written into a text: null as nothing, lists and maps as JSON.
std::string value_text(const boost::json::value& value);

}  // namespace waybill::pipeline
