#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "core/document.h"
#include "core/json_schema_keywords.h"
#include "core/suggest.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr int kCompileDepthMax = 64;

/// What the value of a keyword has to be.
enum class Shape {
  annotation,
  schema,
  schemas,
  schema_map,
  count,
  number,
  divisor,
  text,
  flag,
  names,
  list,
  types,
  pattern,
  pattern_map,
  reference,
  any
};

const std::map<std::string, Shape, std::less<>>& keywords() {
  static const std::map<std::string, Shape, std::less<>> kKeywords = {
      {"$comment", Shape::annotation},
      {"$defs", Shape::schema_map},
      {"$id", Shape::annotation},
      {"$ref", Shape::reference},
      {"$schema", Shape::annotation},
      {"additionalProperties", Shape::schema},
      {"allOf", Shape::schemas},
      {"anyOf", Shape::schemas},
      {"const", Shape::any},
      {"contains", Shape::schema},
      {"default", Shape::annotation},
      {"deprecated", Shape::annotation},
      {"description", Shape::annotation},
      {"else", Shape::schema},
      {"enum", Shape::list},
      {"examples", Shape::annotation},
      {"exclusiveMaximum", Shape::number},
      {"exclusiveMinimum", Shape::number},
      {"format", Shape::text},
      {"if", Shape::schema},
      {"items", Shape::schema},
      {"maxItems", Shape::count},
      {"maxLength", Shape::count},
      {"maxProperties", Shape::count},
      {"maximum", Shape::number},
      {"minItems", Shape::count},
      {"minLength", Shape::count},
      {"minProperties", Shape::count},
      {"minimum", Shape::number},
      {"multipleOf", Shape::divisor},
      {"not", Shape::schema},
      {"oneOf", Shape::schemas},
      {"pattern", Shape::pattern},
      {"patternProperties", Shape::pattern_map},
      {"prefixItems", Shape::schemas},
      {"properties", Shape::schema_map},
      {"propertyNames", Shape::schema},
      {"readOnly", Shape::annotation},
      {"required", Shape::names},
      {"then", Shape::schema},
      {"title", Shape::annotation},
      {"type", Shape::types},
      {"uniqueItems", Shape::flag},
      {"writeOnly", Shape::annotation},
  };
  return kKeywords;
}

bool all_text(const bj::value& value) {
  if (!value.is_array()) return false;
  for (const bj::value& element : value.get_array()) {
    if (!element.is_string()) return false;
  }
  return true;
}

bool is_type(std::string_view name) {
  for (const std::string_view known :
       {"null", "boolean", "object", "array", "number", "integer", "string"}) {
    if (name == known) return true;
  }
  return false;
}

/// Whether a pattern has a repetition or a back reference of more digits than std::regex can count:
/// it would wrap around in silence. Nothing that long compiles, for the states that it takes.
bool counts_too_far(std::string_view pattern) {
  constexpr std::size_t kDigitsMax = 6;
  const auto digits_at = [&](std::size_t begin) {
    return std::min(pattern.find_first_not_of("0123456789", begin), pattern.size()) - begin;
  };
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (digits_at(i + 1) > kDigitsMax) return true;
      ++i;
    } else if (in_class || c == '[') {
      in_class = c != ']';
    } else if (c == '{') {
      const std::size_t first = digits_at(i + 1);
      const std::size_t comma = i + 1 + first;
      const bool is_range = comma < pattern.size() && pattern[comma] == ',';
      if (first > kDigitsMax || (is_range && digits_at(comma + 1) > kDigitsMax)) return true;
    }
  }
  return false;
}

class SchemaChecker {
 public:
  SchemaChecker(const JsonSchema::Formats& formats, SchemaFinds& finds,
                std::vector<SchemaViolation>& problems)
      : formats_(formats), finds_(finds), problems_(problems) {}

  /// References may only lead to what has been checked as a schema itself.
  void references() {
    for (const auto& [pointer, target] : references_) {
      if (target.starts_with('#') && schemas_.contains(target.substr(1))) continue;
      problem(pointer, "\"" + target + "\" points to no schema in this document");
    }
  }

  void schema(const bj::value& value, const std::string& pointer, int depth) {
    schemas_.insert(pointer);
    if (value.is_bool()) return;
    if (!value.is_object()) return problem(pointer, "a schema has to be an object, true or false");
    if (depth > kCompileDepthMax) return problem(pointer, "the schema is nested too deeply");
    finds_.rules.try_emplace(&value.get_object(), value.get_object());
    for (const auto& member : value.get_object()) {
      const std::string name(member.key());
      const auto found = keywords().find(name);
      if (found == keywords().end()) {
        unknown(child_pointer(pointer, name), name);
      } else {
        keyword(found->second, member.value(), child_pointer(pointer, name), depth);
      }
    }
  }

 private:
  void keyword(Shape shape, const bj::value& value, const std::string& pointer, int depth) {
    switch (shape) {
      case Shape::annotation:
      case Shape::any:
        return;
      case Shape::schema:
        return schema(value, pointer, depth + 1);
      case Shape::schemas:
        return schemas(value, pointer, depth);
      case Shape::schema_map:
      case Shape::pattern_map:
        return schema_map(shape, value, pointer, depth);
      case Shape::pattern:
        if (!value.is_string()) return problem(pointer, "has to be a regular expression");
        return pattern(std::string(value.get_string()), pointer);
      case Shape::reference:
        return reference(value, pointer);
      case Shape::types:
        return types(value, pointer);
      case Shape::text:
        return format(value, pointer);
      default:
        return plain(shape, value, pointer);
    }
  }

  void plain(Shape shape, const bj::value& value, const std::string& pointer) {
    if (shape == Shape::count && !(value.is_int64() && value.get_int64() >= 0)) {
      problem(pointer, "has to be a whole number, 0 or more");
    } else if (shape == Shape::number && !value.is_number()) {
      problem(pointer, "has to be a number");
    } else if (shape == Shape::divisor && !(value.is_number() && value.to_number<double>() > 0)) {
      problem(pointer, "has to be a number above 0");
    } else if (shape == Shape::flag && !value.is_bool()) {
      problem(pointer, "has to be true or false");
    } else if (shape == Shape::names && !all_text(value)) {
      problem(pointer, "has to be a list of names");
    } else if (shape == Shape::list && !(value.is_array() && !value.get_array().empty())) {
      problem(pointer, "has to be a list with at least one value");
    }
  }

  void schemas(const bj::value& value, const std::string& pointer, int depth) {
    if (!value.is_array() || value.get_array().empty()) {
      return problem(pointer, "has to be a list with at least one schema");
    }
    std::size_t index = 0;
    for (const bj::value& element : value.get_array()) {
      schema(element, child_pointer(pointer, std::to_string(index++)), depth + 1);
    }
  }

  void schema_map(Shape shape, const bj::value& value, const std::string& pointer, int depth) {
    if (!value.is_object()) return problem(pointer, "has to be a map of schemas");
    for (const auto& member : value.get_object()) {
      const std::string name(member.key());
      if (shape == Shape::pattern_map) pattern(name, child_pointer(pointer, name));
      schema(member.value(), child_pointer(pointer, name), depth + 1);
    }
  }

  void pattern(const std::string& text, const std::string& pointer) {
    // Polynomial: runs in time linear in the text for each state, without recursion, whatever the
    // expression; it refuses back references, which could not be bounded.
    if (counts_too_far(text)) {
      return problem(pointer, "\"" + text + "\" counts further than a regular expression can");
    }
    constexpr auto kFlags = std::regex::ECMAScript | std::regex_constants::__polynomial;
    try {
      finds_.patterns.try_emplace(text, text, kFlags);
    } catch (const std::regex_error& error) {
      problem(pointer, "\"" + text + "\" is no regular expression: " + error.what());
    }
  }

  void reference(const bj::value& value, const std::string& pointer) {
    if (!value.is_string()) return problem(pointer, "has to be a text such as \"#/$defs/name\"");
    references_.emplace_back(pointer, value.get_string());
  }

  void types(const bj::value& value, const std::string& pointer) {
    const auto check = [&](const bj::value& name) {
      if (!name.is_string() || !is_type(name.get_string())) {
        problem(pointer, "has to be null, boolean, object, array, number, integer or string");
      }
    };
    if (!value.is_array()) return check(value);
    for (const bj::value& name : value.get_array()) check(name);
  }

  void format(const bj::value& value, const std::string& pointer) {
    if (value.is_string() && formats_.contains(std::string_view(value.get_string()))) return;
    std::string known;
    for (const auto& [name, check] : formats_) known += (known.empty() ? "" : ", ") + name;
    problem(pointer, "is no format that is known; known are: " + known);
  }

  void unknown(const std::string& pointer, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& [keyword, shape] : keywords()) known.push_back(keyword);
    problems_.push_back(
        {.pointer = pointer,
         .message = "unknown schema keyword \"" + name + "\"" + did_you_mean(name, known),
         .of = SchemaViolation::Of::key});
  }

  void problem(const std::string& pointer, std::string message) {
    problems_.push_back({.pointer = pointer, .message = std::move(message)});
  }

  const JsonSchema::Formats& formats_;
  SchemaFinds& finds_;
  std::vector<SchemaViolation>& problems_;
  std::set<std::string> schemas_;                                ///< pointers of all of them
  std::vector<std::pair<std::string, std::string>> references_;  ///< pointer, target
};

/// The one field that a form requires, and does no more than that; empty for any other form.
std::string_view only_field(const bj::value& form) {
  if (!form.is_object() || form.get_object().size() != 1) return {};
  const bj::value* required = form.get_object().if_contains("required");
  if (required == nullptr || !required->is_array() || required->get_array().size() != 1) return {};
  const bj::value& name = required->get_array()[0];
  return name.is_string() ? std::string_view(name.get_string()) : std::string_view{};
}

}  // namespace

std::string misfit_of(const bj::array& forms, std::size_t conforming) {
  std::string choice = forms.size() > 2 ? "give one of " : "give ";
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const std::string_view field = only_field(forms[i]);
    if (field.empty()) {
      if (conforming == 0) return "";
      return "fits " + std::to_string(conforming) + " forms, but has to fit exactly one";
    }
    const bool last = i + 1 == forms.size();
    choice += std::string(i == 0 ? "" : last ? " or " : ", ") + std::string(field);
  }
  return choice;
}

void check_schema(const bj::value& root, const JsonSchema::Formats& formats, SchemaFinds& finds,
                  std::vector<SchemaViolation>& problems) {
  SchemaChecker checker(formats, finds, problems);
  checker.schema(root, "", 0);
  checker.references();
  if (!problems.empty()) return;
  for (auto& [own, rules] : finds.rules) {
    const bj::value* reference = rules[schema::Keyword::reference];
    if (reference == nullptr) continue;
    rules.lead_to(root.at_pointer(reference->get_string().subview(1)));
  }
}

}  // namespace waybill
