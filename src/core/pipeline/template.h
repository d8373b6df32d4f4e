#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/json_schema.h"
#include "core/pipeline/expression.h"

namespace waybill::pipeline {

/// A text with `${{ expressions }}` in it. A text that is one expression and nothing else has the
/// value of that expression, whatever its type; any other is text.
class Template {
 public:
  struct Parsing;
  /// A literal `${{` is written `${{ '${{' }}`.
  static Parsing parse(std::string_view text);
  /// An `if` or `for_each`: one expression, in `${{ }}` or without. White space around it is passed
  /// over; any other text beside `${{ }}` would make a text of it, and is refused.
  static Parsing parse_condition(std::string_view text);

  /// Errors as of Expression::evaluate, with the column in the expression.
  Result<boost::json::value> evaluate(const Names& names, EvaluationBudget& budget) const;

  /// Of all expressions; offsets are those in the text.
  const std::vector<ExpressionRead>& reads() const { return reads_; }
  bool asks_status() const { return asks_status_; }
  /// Whether there is any expression.
  bool is_dynamic() const { return is_dynamic_; }
  const std::string& text() const { return text_; }

 private:
  struct Part {
    std::string text;
    std::optional<Expression> expression;
  };
  struct Reader;

  std::string text_;
  std::vector<Part> parts_;
  std::vector<ExpressionRead> reads_;
  bool asks_status_ = false;
  bool is_dynamic_ = false;
};

struct Template::Parsing {
  std::optional<Template> result;
  ExpressionError error;  ///< where there is none
};

/// A JSON value whose texts are templates; its keys are not. Immutable; copies share it.
class TreeTemplate {
 public:
  struct Parsing;
  static Parsing parse(const boost::json::value& tree);

  /// The tree with all expressions replaced. The budget is for all of them.
  Result<boost::json::value> evaluate(const Names& names, EvaluationBudget& budget) const;

  /// The templates in it that have expressions, each with its JSON pointer.
  struct Place;
  const std::vector<Place>& places() const;
  const boost::json::value& source() const;

 private:
  struct Tree;
  explicit TreeTemplate(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}

  std::shared_ptr<const Tree> tree_;
};

struct TreeTemplate::Parsing {
  std::optional<TreeTemplate> result;
  std::vector<SchemaViolation> violations;  ///< empty if there is a result
};

struct TreeTemplate::Place {
  std::string pointer;
  Template text;
};

/// A text that is no template is an expression: it is put into `${{ }}`. Of others only white space
/// at the ends is left out.
boost::json::value expression_template(const boost::json::value& value);

/// `in "text", column 5: message`: a violation of the text at `pointer`.
SchemaViolation violation_of(const ExpressionError& error, std::string_view text,
                             std::string pointer);

}  // namespace waybill::pipeline
