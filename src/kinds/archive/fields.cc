#include "kinds/archive/fields.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kSpecOnly = "limits";
constexpr std::string_view kMeantNothing = "ipfsapiserverurl";

/// As a name is compared: without case and underscores.
std::string plain(std::string_view name) {
  std::string text = to_lower(name);
  std::erase(text, '_');
  return text;
}

Result<bj::object> object_in(std::string_view text, std::string_view what) {
  const auto value = json::parse(text.empty() ? "{}" : text);
  if (!value) return fail(with_context(value.error(), what));
  if (value->is_object()) return value->get_object();
  return fail(Code::invalid_argument, std::string(what) + " has to be a JSON object");
}

/// The field of the schema that a param means; the name itself if there is none.
std::string field_of(std::string_view name, const bj::object& properties) {
  for (const auto& property : properties) {
    const std::string_view candidate(property.key().data(), property.key().size());
    if (plain(candidate) == plain(name)) return std::string(candidate);
  }
  return std::string(name);
}

}  // namespace

JsonSchema embedded_schema(std::string_view schema) {
  const auto text = json::parse(schema);
  WAYBILL_CHECK(text.has_value(), "the embedded schema is JSON");
  auto compilation = JsonSchema::compile(*text, standard_formats());
  WAYBILL_CHECK(compilation.schema.has_value(), "the embedded schema is one");
  return *compilation.schema;
}

Result<bj::object> archive_fields(const TaskRequest& request, const JsonSchema& schema,
                                  std::string_view schema_text) {
  auto fields = object_in(request.spec, "the spec");
  if (!fields) return fields;
  const auto params = object_in(request.params, "the params");
  if (!params) return fail(params.error());
  const auto read = json::parse(schema_text);
  WAYBILL_CHECK(read.has_value(), "the embedded schema is JSON");
  const bj::object& properties = read->get_object().at("properties").get_object();
  for (const auto& param : *params) {
    const std::string_view name(param.key().data(), param.key().size());
    // Null: a step of a pipeline hands on what nobody has said.
    if (plain(name) == kMeantNothing || param.value().is_null()) continue;
    const std::string field = field_of(name, properties);
    if (field == kSpecOnly) {
      return fail(Code::invalid_argument, "params: \"limits\" stand in the definition's spec");
    }
    fields->insert_or_assign(field, param.value());
  }
  const auto violations = schema.check(bj::value(*fields));
  if (violations.empty()) return fields;
  const SchemaViolation& first = violations.front();
  return fail(Code::invalid_argument,
              first.pointer.empty() ? first.message : first.pointer + ": " + first.message);
}

bool params_say(const TaskRequest& request, std::string_view field) {
  const auto params = object_in(request.params, "the params");
  return params && std::ranges::any_of(*params, [&](const auto& param) {
           return plain(std::string_view(param.key())) == plain(field);
         });
}

bool has_no_params(const TaskRequest& request) {
  const auto params = object_in(request.params, "the params");
  return params && params->empty();
}

Error of_field(std::string_view pointer, Error error) {
  error.message = std::string(pointer) + ": " + error.message;
  return error;
}

}  // namespace waybill
