#include "http/api_document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "core/document.h"
#include "http/api_rules.h"
#include "http/api_schemas.h"

namespace waybill::http {
namespace bj = boost::json;
namespace {

Result<Operation> read_operation(const bj::value& value) {
  Operation operation{.id = text_at(value, "/operationId"),
                      .right = text_at(value, "/x-waybill-right")};
  const bj::value* slashes = value.get_object().if_contains("x-waybill-slashes");
  operation.takes_rest = slashes != nullptr && slashes->is_bool() && slashes->get_bool();
  if (operation.id.empty()) return fail(Code::invalid_argument, "it has no operationId");
  for (const std::string_view known : {"none", "read", "submit", "work", "operate", "admin"}) {
    if (operation.right == known) return operation;
  }
  return fail(Code::invalid_argument, "x-waybill-right is no right: " + operation.right);
}

}  // namespace

struct ApiDocument::Compiled {
  struct Rules {
    const bj::value* source = nullptr;  // in `document`
    BodyRules body;
    QueryRules query;
  };

  explicit Compiled(bj::value text) : document(std::move(text)), schemas(document) {}
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  Status add(Operation place, const bj::value& value) {
    auto operation = read_operation(value);
    if (!operation) return fail(operation.error());
    auto body = BodyRules::create(value, schemas);
    if (!body) return fail(body.error());
    auto query = QueryRules::create(value, schemas);
    if (!query) return fail(query.error());
    operation->method = std::move(place.method);
    operation->path = std::move(place.path);
    operation->has_body = body->has_body();
    operation->body_required = body->body_required();
    operation->takes_bytes = body->takes_bytes();
    Rules made{.source = &value, .body = std::move(*body), .query = std::move(*query)};
    if (!rules.emplace(operation->id, std::move(made)).second) {
      return fail(Code::invalid_argument, operation->id + " is there twice");
    }
    operations.push_back(std::move(*operation));
    return {};
  }

  const Rules& rules_of(const Operation& operation) const {
    const auto found = rules.find(operation.id);
    WAYBILL_CHECK(found != rules.end(), "the operation is of another document");
    return found->second;
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
      for (char& c : method) c = to_upper(c);
      const Status added =
          compiled->add({.method = method, .path = std::string(path.key())}, member.value());
      if (added) continue;
      return fail(with_context(added.error(),
                               "the OpenAPI document: " + method + " " + std::string(path.key())));
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
  return compiled_->rules_of(operation).body.check(body);
}

Result<Query> ApiDocument::read_query(const Operation& operation, const Pairs& pairs) const {
  return compiled_->rules_of(operation).query.read(pairs);
}

Result<JsonSchema> ApiDocument::schema(std::string_view component) const {
  const std::string pointer = child_pointer("/components/schemas", component);
  const bj::value* schema = value_at(compiled_->document, pointer);
  if (schema == nullptr) return fail(Code::not_found, "no schema " + std::string(component));
  return compiled_->schemas.compile(*schema);
}

Result<JsonSchema> ApiDocument::answer_schema(const Operation& operation, int status) const {
  const std::string code = std::to_string(status);
  const bj::value* answer = value_at(*compiled_->rules_of(operation).source, "/responses/" + code);
  if (answer != nullptr) answer = compiled_->schemas.resolve(*answer);
  const bj::value* schema =
      answer == nullptr ? nullptr : value_at(*answer, "/content/application~1json/schema");
  if (schema == nullptr) {
    return fail(Code::not_found, operation.id + " has no JSON for status " + code);
  }
  return compiled_->schemas.compile(*schema);
}

}  // namespace waybill::http
