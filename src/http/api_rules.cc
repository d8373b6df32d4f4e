#include "http/api_rules.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "core/suggest.h"

namespace waybill::http {
namespace bj = boost::json;
namespace {

/// A text as an integer, or as it is, for the schema to refuse.
bj::value integer_or_text(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return json::text(text);
}

std::string told(const SchemaViolation& violation) {
  if (violation.pointer.empty()) return "query: " + violation.message;
  const std::string name = violation.pointer.substr(1, violation.pointer.find('/', 1) - 1);
  const bool lacks_verb = violation.message.starts_with("not ");
  return "the query parameter " + name + (lacks_verb ? " is " : " ") + violation.message;
}

bool is_true_at(const bj::value& value, std::string_view pointer) {
  const bj::value* found = value_at(value, pointer);
  return found != nullptr && *found == bj::value(true);
}

/// The elements of the list at a pointer; none if there is no list.
bj::array list_at(const bj::value& value, std::string_view pointer) {
  const bj::value* found = value_at(value, pointer);
  return found != nullptr && found->is_array() ? found->get_array() : bj::array();
}

std::vector<std::string> texts_at(const bj::value& value, std::string_view pointer) {
  std::vector<std::string> texts;
  for (const bj::value& element : list_at(value, pointer)) {
    if (element.is_string()) texts.emplace_back(element.get_string());
  }
  return texts;
}

}  // namespace

std::optional<QueryRules::Shape> QueryRules::shape_of(const bj::value& schema,
                                                      const ApiSchemas& schemas) {
  const bj::value* end = schemas.resolve(schema);
  if (end == nullptr) return std::nullopt;
  const std::string type = text_at(*end, "/type");
  if (type == "integer") return Shape::integer;
  if (type == "string" || value_at(*end, "/enum") != nullptr) return Shape::text;
  const bj::value* items = value_at(*end, "/items");
  if (type != "array" || items == nullptr || shape_of(*items, schemas) != Shape::text) {
    return std::nullopt;
  }
  return Shape::list;
}

Query::Value QueryRules::value_of(Shape shape, const bj::value& json) {
  Query::Value value{.sent = true, .is_list = shape == Shape::list};
  if (json.is_int64()) {
    value.integer = json.get_int64();
    value.texts.push_back(std::to_string(json.get_int64()));
  } else if (json.is_string()) {
    value.texts.emplace_back(json.get_string());
  } else {
    value.texts = texts_at(json, "");
  }
  return value;
}

Status QueryRules::add(const bj::value& parameter, const ApiSchemas& schemas,
                       bj::object& properties) {
  const std::string name = text_at(parameter, "/name");
  const bj::value* schema = value_at(parameter, "/schema");
  const auto shape = schema == nullptr ? std::nullopt : shape_of(*schema, schemas);
  if (!shape) {
    return fail(Code::invalid_argument,
                "the query parameter " + name + " is no text, integer or list of texts");
  }
  Query::Value unsent{.is_list = *shape == Shape::list};
  if (const bj::value* json = value_at(*schema, "/default")) unsent = value_of(*shape, *json);
  unsent.sent = false;
  parameters_.emplace(name, Parameter{.shape = *shape, .unsent = std::move(unsent)});
  properties[name] = *schema;
  return {};
}

Result<QueryRules> QueryRules::create(const bj::value& operation, const ApiSchemas& schemas) {
  QueryRules rules;
  rules.is_open_ = is_true_at(operation, "/x-waybill-open-query");
  bj::object properties;
  bj::array required;
  for (const bj::value& entry : list_at(operation, "/parameters")) {
    const bj::value* parameter = schemas.resolve(entry);
    if (parameter == nullptr) return fail(Code::invalid_argument, "a parameter leads nowhere");
    if (text_at(*parameter, "/in") != "query") continue;
    if (Status added = rules.add(*parameter, schemas, properties); !added) {
      return fail(added.error());
    }
    if (is_true_at(*parameter, "/required")) required.push_back(parameter->at("name"));
  }
  auto compiled = schemas.compile(bj::object{{"type", "object"},
                                             {"required", std::move(required)},
                                             {"properties", std::move(properties)}});
  if (!compiled) return fail(with_context(compiled.error(), "the schemas of its query"));
  rules.schema_ = std::move(*compiled);
  return rules;
}

std::string QueryRules::unknown(const std::string& name) const {
  std::vector<std::string> known;
  std::string listed;
  for (const auto& [other, parameter] : parameters_) {
    known.push_back(other);
    listed += (listed.empty() ? "; known are: " : ", ") + other;
  }
  std::string problem = "there is no query parameter ";
  json::append_quoted(problem, name);
  return problem + did_you_mean(name, known) + (listed.empty() ? "; this takes none" : listed);
}

/// Puts what was sent where the schema looks for it, and says what no schema can.
bj::object QueryRules::gather(const Pairs& pairs, std::vector<std::string>& problems) const {
  bj::object sent;
  for (const auto& [name, value] : pairs) {
    const auto found = parameters_.find(name);
    if (found == parameters_.end()) {
      if (is_open_) continue;
      problems.push_back(unknown(name));
    } else if (found->second.shape == Shape::list) {
      bj::value& list = sent[name];
      if (list.is_null()) list = bj::array();
      list.get_array().emplace_back(json::text(value));
    } else if (sent.contains(name)) {
      problems.push_back("the query parameter " + name + " is given twice");
    } else if (found->second.shape == Shape::integer) {
      sent[name] = integer_or_text(value);
    } else {
      sent[name] = json::text(value);
    }
  }
  return sent;
}

Result<Query> QueryRules::read(const Pairs& pairs) const {
  std::vector<std::string> problems;
  const bj::object sent = gather(pairs, problems);
  for (const SchemaViolation& violation : schema_->check(sent)) {
    problems.push_back(told(violation));
  }
  if (!problems.empty()) {
    std::string message;
    for (const std::string& problem : problems) message += (message.empty() ? "" : "; ") + problem;
    return fail(Code::invalid_argument, std::move(message));
  }
  Query::Values values;
  for (const auto& [name, parameter] : parameters_) {
    const bj::value* value = sent.if_contains(name);
    values.emplace(name, value == nullptr ? parameter.unsent : value_of(parameter.shape, *value));
  }
  return Query(std::move(values));
}

Result<BodyRules> BodyRules::create(const bj::value& operation, const ApiSchemas& schemas) {
  BodyRules rules;
  const bj::value* request = value_at(operation, "/requestBody");
  if (request == nullptr) return rules;
  rules.required_ = is_true_at(*request, "/required");
  rules.takes_bytes_ = value_at(*request, "/content/application~1octet-stream") != nullptr;
  if (rules.takes_bytes_) return rules;
  const bj::value* schema = value_at(*request, "/content/application~1json/schema");
  if (schema == nullptr) return fail(Code::invalid_argument, "its body has no JSON schema");
  const bj::value* whole = schemas.resolve(*schema);
  bj::array forms = whole == nullptr ? bj::array() : list_at(*whole, "/oneOf");
  if (forms.empty()) forms.push_back(*schema);
  for (const bj::value& form : forms) {
    auto compiled = schemas.compile(form);
    if (!compiled) return fail(with_context(compiled.error(), "the schema of its body"));
    const bj::value* resolved = schemas.resolve(form);
    rules.forms_.push_back({.required = texts_at(*resolved, "/required"), .schema = *compiled});
  }
  return rules;
}

std::vector<SchemaViolation> BodyRules::check(const bj::value& body) const {
  if (forms_.empty()) return {{.pointer = "", .message = "there may be no body"}};
  const auto is_meant = [&](const Form& form) {
    return std::ranges::all_of(form.required, [&](const std::string& name) {
      return body.is_object() && body.get_object().contains(name);
    });
  };
  const auto meant = std::ranges::find_if(forms_, is_meant);
  return (meant == forms_.end() ? forms_.back() : *meant).schema.check(body);
}

}  // namespace waybill::http
