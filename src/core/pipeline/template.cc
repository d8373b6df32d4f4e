#include "core/pipeline/template.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "core/document.h"
#include "core/pipeline/expression_functions.h"
#include "core/pipeline/expression_value.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kBlank = " \t\r\n";
constexpr std::size_t kQuotedBytesMax = 80;

/// Without white space at its ends.
std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

/// Where the expression that begins at `at` ends; npos if it doesn't. A brace in quotes is text.
std::size_t find_close(std::string_view text, std::size_t at) {
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '\'') quoted = !quoted;
    if (!quoted && text.substr(at).starts_with(kClose)) return at;
  }
  return text.npos;
}

}  // namespace

struct Template::Reader {
  std::string_view text;
  Template made;
  std::optional<ExpressionError> error;

  void literal(std::string_view part) {
    if (!part.empty()) made.parts_.push_back({std::string(part), std::nullopt});
  }

  void expression(std::size_t at, std::string_view part) {
    auto parsing = Expression::parse(part);
    if (!parsing.expression) {
      fail_at(at + parsing.error.offset, std::move(parsing.error.message));
      return;
    }
    for (ExpressionRead read : parsing.expression->reads()) {
      read.offset += at;
      made.reads_.push_back(std::move(read));
    }
    made.asks_status_ = made.asks_status_ || parsing.expression->asks_status();
    made.is_dynamic_ = true;
    made.parts_.push_back({"", std::move(parsing.expression)});
  }

  void fail_at(std::size_t offset, std::string message) {
    error = ExpressionError{
        .offset = offset, .at = position_of(text, offset), .message = std::move(message)};
  }

  void run() {
    std::size_t at = 0;
    while (!error) {
      const std::size_t open = text.find(kOpen, at);
      literal(text.substr(at, open == text.npos ? text.npos : open - at));
      if (open == text.npos) break;
      const std::size_t first = open + kOpen.size();
      const std::size_t close = find_close(text, first);
      if (close == text.npos) {
        fail_at(open, "this expression has no closing }}");
        break;
      }
      expression(first, text.substr(first, close - first));
      at = close + kClose.size();
    }
  }

  /// One expression in ${{ }}, with nothing but white space around it.
  void run_single() {
    const std::string_view inner = trimmed(text);
    const auto first = static_cast<std::size_t>(inner.data() - text.data());
    const std::size_t begin = first + kOpen.size();
    const std::size_t close = inner.starts_with(kOpen) ? find_close(text, begin) : first;
    if (close == text.npos) {
      fail_at(first, "this expression has no closing }}");
    } else if (close == first || close + kClose.size() != first + inner.size()) {
      const std::size_t after = text.find_first_not_of(kBlank, close + kClose.size());
      fail_at(close == first ? first : after,
              "this has to be one expression: leave out ${{ }}, or put it around all of it");
    } else {
      expression(begin, text.substr(begin, close - begin));
    }
  }

  Parsing finish() {
    Parsing parsing;
    if (error) {
      parsing.error = std::move(*error);
    } else {
      made.text_ = text;
      parsing.result = std::move(made);
    }
    return parsing;
  }
};

Template::Parsing Template::parse(std::string_view text) {
  Reader reader{.text = text};
  reader.run();
  return reader.finish();
}

Template::Parsing Template::parse_condition(std::string_view text) {
  Reader reader{.text = text};
  if (text.find(kOpen) != text.npos) {
    reader.run_single();
  } else {
    reader.expression(0, text);
  }
  return reader.finish();
}

Result<bj::value> Template::evaluate(const Names& names, EvaluationBudget& budget) const {
  if (parts_.size() == 1 && parts_[0].expression) {
    return parts_[0].expression->evaluate(names, budget);
  }
  std::string text;
  for (const Part& part : parts_) {
    std::string piece = part.text;
    if (part.expression) {
      const auto value = part.expression->evaluate(names, budget);
      if (!value) return fail(value.error());
      piece = value_text(*value);
    }
    if (!budget.spend(piece.size())) {
      return fail(Code::resource_exhausted, std::string(kBudgetUsedUp));
    }
    text += piece;
  }
  return bj::value(json::text(text));
}

SchemaViolation violation_of(const ExpressionError& error, std::string_view text,
                             std::string pointer) {
  std::string quoted(utf8_prefix(text, kQuotedBytesMax));
  if (quoted.size() < text.size()) quoted += "…";
  std::string literal;
  json::append_quoted(literal, quoted);
  return {.pointer = std::move(pointer), .message = "in " + literal + ", " + to_string(error)};
}

bj::value expression_template(const bj::value& value) {
  if (!value.is_string()) return value;
  const std::string_view text = trimmed(std::string_view(value.get_string()));
  if (text.find(kOpen) != text.npos) return bj::value(json::text(text));
  return bj::value(json::text("${{ " + std::string(text) + " }}"));
}

struct TreeTemplate::Tree {
  bj::value source;
  std::vector<Place> places;  ///< in the order of a walk

  void read(const bj::value& value, const std::string& pointer,
            std::vector<SchemaViolation>& violations) {
    if (value.is_array()) {
      std::size_t index = 0;
      for (const bj::value& element : value.get_array()) {
        read(element, pointer + "/" + std::to_string(index++), violations);
      }
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) {
        const std::string inner = child_pointer(pointer, std::string_view(member.key()));
        if (std::string_view(member.key()).find(kOpen) != std::string_view::npos) {
          violations.push_back({.pointer = inner,
                                .message = "a key can't hold expressions, only a value can",
                                .of = SchemaViolation::Of::key});
        }
        read(member.value(), inner, violations);
      }
    } else if (value.is_string()) {
      const std::string_view text(value.get_string());
      if (text.find(kOpen) == text.npos) return;
      auto parsing = Template::parse(text);
      if (parsing.result) {
        places.push_back({pointer, std::move(*parsing.result)});
      } else {
        violations.push_back(violation_of(parsing.error, text, pointer));
      }
    }
  }
};

namespace {

using Places = std::vector<TreeTemplate::Place>;

/// Replaces the texts of a copy in the order in which they were found.
class Substitution {
 public:
  Substitution(const Places& places, const Names& names, EvaluationBudget& budget)
      : places_(places), names_(names), budget_(budget) {}

  Status run(bj::value& value) {
    if (value.is_array()) {
      for (bj::value& element : value.get_array()) {
        if (auto s = run(element); !s) return s;
      }
    } else if (value.is_object()) {
      for (auto& member : value.get_object()) {
        if (auto s = run(member.value()); !s) return s;
      }
    } else if (value.is_string()) {
      return replace(value);
    }
    return {};
  }

 private:
  Status replace(bj::value& value) {
    const std::string_view text(value.get_string());
    if (text.find(kOpen) == text.npos) return {};
    const TreeTemplate::Place& place = places_[next_++];
    auto made = place.text.evaluate(names_, budget_);
    if (!made) return fail(with_context(made.error(), place.pointer));
    value = std::move(*made);
    return {};
  }

  const Places& places_;
  const Names& names_;
  EvaluationBudget& budget_;
  std::size_t next_ = 0;
};

}  // namespace

TreeTemplate::Parsing TreeTemplate::parse(const bj::value& tree) {
  Tree read{.source = tree, .places = {}};
  Parsing parsing;
  read.read(read.source, "", parsing.violations);
  if (parsing.violations.empty()) {
    parsing.result = TreeTemplate(std::make_shared<const Tree>(std::move(read)));
  }
  return parsing;
}

Result<bj::value> TreeTemplate::evaluate(const Names& names, EvaluationBudget& budget) const {
  bj::value value = tree_->source;
  if (auto s = Substitution(tree_->places, names, budget).run(value); !s) return fail(s.error());
  return value;
}

const std::vector<TreeTemplate::Place>& TreeTemplate::places() const { return tree_->places; }
const bj::value& TreeTemplate::source() const { return tree_->source; }

}  // namespace waybill::pipeline
