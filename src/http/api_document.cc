#include "http/api_document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "core/document.h"
#include "core/suggest.h"
#include "http/api_schemas.h"

namespace waybill::http {
namespace bj = boost::json;
namespace {

constexpr std::string_view kJson = "/content/application~1json";

bj::string json_text(std::string_view text) { return bj::string(text.data(), text.size()); }

/// A text as an integer, or as it is, for the schema to refuse.
bj::value integer_or_text(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return json_text(text);
}

/// What comes out of a query: an integer, a text, or a list of texts.
enum class Shape { text, integer, list };

struct Parameter {
  Shape shape = Shape::text;
  Query::Value unsent;  ///< the default
};

/// The query parameters of one operation.
struct Parameters {
  std::map<std::string, Parameter, std::less<>> by_name;
  std::optional<JsonSchema> schema;  ///< of the object that they make
};

/// Puts what was sent where the schema looks for it. Says what no schema can.
bj::object gather(const Parameters& parameters, const Pairs& pairs,
                  std::vector<std::string>& problems) {
  bj::object sent;
  for (const auto& [name, value] : pairs) {
    const auto found = parameters.by_name.find(name);
    if (found == parameters.by_name.end()) {
      std::vector<std::string> known;
      std::string listed;
      for (const auto& [other, parameter] : parameters.by_name) {
        known.push_back(other);
        listed += (listed.empty() ? "" : ", ") + other;
      }
      std::string problem = "there is no query parameter ";
      json::append_quoted(problem, name);
      problems.push_back(problem + did_you_mean(name, known) +
                         (listed.empty() ? "; this takes none" : "; known are: " + listed));
    } else if (found->second.shape == Shape::list) {
      bj::value& list = sent[name];
      if (list.is_null()) list = bj::array();
      list.get_array().emplace_back(json_text(value));
    } else if (sent.contains(name)) {
      problems.push_back("the query parameter " + name + " is given twice");
    } else {
      sent[name] = found->second.shape == Shape::integer ? integer_or_text(value)
                                                         : bj::value(json_text(value));
    }
  }
  return sent;
}

/// One of the forms that a body may have. Of several the first whose required fields are there is
/// meant: what is wrong is told of that one alone.
struct Form {
  bj::array required;
  JsonSchema schema;

  bool is_meant_by(const bj::value& body) const {
    return std::ranges::all_of(required, [&](const bj::value& name) {
      return body.is_object() && body.get_object().contains(name.as_string());
    });
  }
};

std::string told(const SchemaViolation& violation) {
  if (violation.pointer.empty()) return "query: " + violation.message;
  const std::string name = violation.pointer.substr(1, violation.pointer.find('/', 1) - 1);
  return "the query parameter " + name + " " + violation.message;
}

Query::Value value_of(const Parameter& parameter, const bj::value& json) {
  Query::Value value{.sent = true, .is_list = parameter.shape == Shape::list};
  if (json.is_int64()) {
    value.integer = json.get_int64();
    value.texts.push_back(std::to_string(json.get_int64()));
  } else if (json.is_string()) {
    value.texts.emplace_back(json.get_string());
  } else if (json.is_array()) {
    for (const bj::value& element : json.get_array()) {
      if (element.is_string()) value.texts.emplace_back(element.get_string());
    }
  }
  return value;
}

/// Reads the document once, while an ApiDocument is made.
class Reader {
 public:
  explicit Reader(const ApiSchemas& schemas) : schemas_(schemas) {}

  Result<Operation> operation(const bj::value& value) const {
    Operation operation{.id = text_at(value, "/operationId"),
                        .right = text_at(value, "/x-waybill-right")};
    if (operation.id.empty()) return fail(Code::invalid_argument, "it has no operationId");
    for (const std::string_view known : {"none", "read", "submit", "work", "operate"}) {
      if (operation.right == known) return operation;
    }
    return fail(Code::invalid_argument, "x-waybill-right is no right: " + operation.right);
  }

  /// The forms of its body; none if it has no body.
  Result<std::vector<Form>> body(const bj::value& value, Operation& operation) const {
    const bj::value* request = value_at(value, "/requestBody");
    if (request == nullptr) return std::vector<Form>();
    const bj::value* needed = value_at(*request, "/required");
    operation.has_body = true;
    operation.body_required = needed != nullptr && *needed == bj::value(true);
    const bj::value* schema = value_at(*request, std::string(kJson) + "/schema");
    if (schema == nullptr) return fail(Code::invalid_argument, "its body has no JSON schema");
    const bj::value* resolved = schemas_.resolve(*schema);
    const bj::value* choice = resolved == nullptr ? nullptr : value_at(*resolved, "/oneOf");
    std::vector<Form> forms;
    for (const bj::value& form : choice == nullptr ? bj::array{*schema} : choice->as_array()) {
      auto compiled = schemas_.compile(form);
      if (!compiled) return fail(with_context(compiled.error(), "the schema of its body"));
      const bj::value* whole = schemas_.resolve(form);
      const bj::value* required = value_at(*whole, "/required");
      forms.push_back({.required = required == nullptr ? bj::array() : required->as_array(),
                       .schema = std::move(*compiled)});
    }
    return forms;
  }

  Result<Parameters> parameters(const bj::value& value) const {
    Parameters parameters;
    bj::object properties;
    bj::array required;
    const bj::value* all = value_at(value, "/parameters");
    for (const bj::value& entry : all == nullptr ? bj::array() : all->as_array()) {
      const bj::value* parameter = schemas_.resolve(entry);
      if (parameter == nullptr) return fail(Code::invalid_argument, "a parameter leads nowhere");
      if (text_at(*parameter, "/in") != "query") continue;
      const std::string name = text_at(*parameter, "/name");
      const bj::value* schema = value_at(*parameter, "/schema");
      const auto shape = schema == nullptr ? std::nullopt : shape_of(*schema);
      if (!shape) {
        return fail(Code::invalid_argument,
                    "the query parameter " + name + " is no text, integer or list of texts");
      }
      Parameter& known = parameters.by_name[name];
      known.shape = *shape;
      known.unsent.is_list = *shape == Shape::list;
      if (const bj::value* unsent = value_at(*schema, "/default")) {
        known.unsent = value_of(known, *unsent);
        known.unsent.sent = false;
      }
      properties[name] = *schema;
      const bj::value* needed = value_at(*parameter, "/required");
      if (needed != nullptr && *needed == bj::value(true)) required.emplace_back(name);
    }
    auto compiled = schemas_.compile(bj::object{{"type", "object"},
                                                {"required", std::move(required)},
                                                {"properties", std::move(properties)},
                                                {"additionalProperties", false}});
    if (!compiled) return fail(with_context(compiled.error(), "the schemas of its query"));
    parameters.schema = std::move(*compiled);
    return parameters;
  }

 private:
  std::optional<Shape> shape_of(const bj::value& schema) const {
    const bj::value* end = schemas_.resolve(schema);
    if (end == nullptr) return std::nullopt;
    const std::string type = text_at(*end, "/type");
    if (type == "integer") return Shape::integer;
    if (type == "string" || value_at(*end, "/enum") != nullptr) return Shape::text;
    const bj::value* items = value_at(*end, "/items");
    if (type != "array" || items == nullptr || shape_of(*items) != Shape::text) return std::nullopt;
    return Shape::list;
  }

  const ApiSchemas& schemas_;
};

}  // namespace

struct ApiDocument::Compiled {
  struct Rules {
    const bj::value* source = nullptr;  // in `document`
    std::vector<Form> forms;            // of its body
    Parameters query;
  };

  explicit Compiled(bj::value text) : document(std::move(text)), schemas(document) {}
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  Status add(const std::string& method, const std::string& path, const bj::value& value) {
    const Reader reader(schemas);
    auto operation = reader.operation(value);
    if (!operation) return fail(operation.error());
    operation->method = method;
    operation->path = path;
    auto forms = reader.body(value, *operation);
    if (!forms) return fail(forms.error());
    auto query = reader.parameters(value);
    if (!query) return fail(query.error());
    const bool is_new = rules
                            .emplace(operation->id, Rules{.source = &value,
                                                          .forms = std::move(*forms),
                                                          .query = std::move(*query)})
                            .second;
    if (!is_new) return fail(Code::invalid_argument, operation->id + " is there twice");
    operations.push_back(std::move(*operation));
    return {};
  }

  const Rules* find(std::string_view id) const {
    const auto found = rules.find(id);
    return found == rules.end() ? nullptr : &found->second;
  }

  const bj::value document;
  const ApiSchemas schemas;
  std::vector<Operation> operations;
  std::map<std::string, Rules, std::less<>> rules;  // by operationId
};

Result<ApiDocument> ApiDocument::create(std::string_view json) {
  auto document = json::parse(json);
  if (!document) return fail(with_context(document.error(), "the OpenAPI document"));
  auto compiled = std::make_shared<Compiled>(std::move(*document));
  const bj::value* paths = value_at(compiled->document, "/paths");
  if (paths == nullptr || !paths->is_object()) {
    return fail(Code::invalid_argument, "the OpenAPI document has no paths");
  }
  for (const auto& path : paths->get_object()) {
    if (!path.value().is_object()) continue;
    for (const auto& member : path.value().get_object()) {
      std::string method(member.key());
      std::ranges::transform(method, method.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
      const Status added = compiled->add(method, std::string(path.key()), member.value());
      if (!added) {
        return fail(with_context(
            added.error(), "the OpenAPI document: " + method + " " + std::string(path.key())));
      }
    }
  }
  return ApiDocument(std::move(compiled));
}

const std::vector<Operation>& ApiDocument::operations() const { return compiled_->operations; }

const Operation* ApiDocument::find(std::string_view operation_id) const {
  const auto found = std::ranges::find(compiled_->operations, operation_id, &Operation::id);
  return found == compiled_->operations.end() ? nullptr : &*found;
}

std::vector<SchemaViolation> ApiDocument::check_body(const Operation& operation,
                                                     const bj::value& body) const {
  const auto* rules = compiled_->find(operation.id);
  if (rules == nullptr || rules->forms.empty()) {
    return {{.pointer = "", .message = "there may be no body"}};
  }
  const auto meant =
      std::ranges::find_if(rules->forms, [&](const Form& form) { return form.is_meant_by(body); });
  return (meant == rules->forms.end() ? rules->forms.back() : *meant).schema.check(body);
}

Result<Query> ApiDocument::read_query(const Operation& operation, const Pairs& pairs) const {
  static const Parameters kNone;
  const auto* rules = compiled_->find(operation.id);
  const Parameters& parameters = rules == nullptr ? kNone : rules->query;
  std::vector<std::string> problems;
  const bj::object sent = gather(parameters, pairs, problems);
  if (parameters.schema) {
    for (const SchemaViolation& violation : parameters.schema->check(sent)) {
      problems.push_back(told(violation));
    }
  }
  if (!problems.empty()) {
    std::string message;
    for (const std::string& problem : problems) message += (message.empty() ? "" : "; ") + problem;
    return fail(Code::invalid_argument, std::move(message));
  }
  Query::Values values;
  for (const auto& [name, parameter] : parameters.by_name) {
    const bj::value* value = sent.if_contains(name);
    values.emplace(name, value == nullptr ? parameter.unsent : value_of(parameter, *value));
  }
  return Query(std::move(values));
}

Result<JsonSchema> ApiDocument::schema(std::string_view component) const {
  const std::string pointer = child_pointer("/components/schemas", component);
  const bj::value* schema = value_at(compiled_->document, pointer);
  if (schema == nullptr) return fail(Code::not_found, "no schema " + std::string(component));
  return compiled_->schemas.compile(*schema);
}

Result<JsonSchema> ApiDocument::answer_schema(const Operation& operation, int status) const {
  const auto* rules = compiled_->find(operation.id);
  const std::string code = std::to_string(status);
  const bj::value* answer =
      rules == nullptr ? nullptr : value_at(*rules->source, "/responses/" + code);
  if (answer != nullptr) answer = compiled_->schemas.resolve(*answer);
  const bj::value* schema =
      answer == nullptr ? nullptr : value_at(*answer, std::string(kJson) + "/schema");
  if (schema == nullptr) {
    return fail(Code::not_found, operation.id + " has no JSON for status " + code);
  }
  return compiled_->schemas.compile(*schema);
}

}  // namespace waybill::http
