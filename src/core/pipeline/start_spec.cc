#include "core/pipeline/start_spec.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "core/notify.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::string_view kStartSchema = R"({
  "type": "object", "required": ["pipeline"], "additionalProperties": false,
  "properties": {
    "pipeline": {"type": "string", "minLength": 1},
    "priority": {"type": "integer", "minimum": -100, "maximum": 100},
    "notify": {"description": "Who is told of the run besides.", "type": "array"}}})";

const JsonSchema& start_schema() {
  static const JsonSchema kSchema =
      *JsonSchema::compile(json::parse(kStartSchema).value(), standard_formats()).schema;
  return kSchema;
}

}  // namespace

std::string_view start_spec_schema() { return kStartSchema; }

std::string to_json_text(const StartSpec& spec) {
  bj::object object{{"pipeline", json::text(spec.pipeline)}};
  if (spec.priority) object["priority"] = *spec.priority;
  if (!spec.notify.empty()) object["notify"] = json::parse(spec.notify).value();
  return json::serialize(object);
}

Result<StartSpec> read_start_spec(std::string_view json) {
  const auto value = json::parse(json);
  if (!value) return fail(with_context(value.error(), "the spec of a start"));
  if (const auto violations = start_schema().check(*value); !violations.empty()) {
    const SchemaViolation& first = violations.front();
    return fail(Code::invalid_argument,
                first.pointer.empty() ? first.message : first.pointer + ": " + first.message);
  }
  const Fields fields(value->get_object());
  StartSpec spec{.pipeline = fields.text("pipeline"), .notify = fields.json("notify")};
  if (fields.has("priority")) spec.priority = static_cast<int>(fields.integer("priority", 0));
  if (const auto rules = read_notify(spec.notify); !rules) {
    return fail(Code::invalid_argument, "/notify: " + rules.error().message);
  }
  return spec;
}

Uuid run_of_start(const Uuid& task) { return uuid_v5(kTaskNamespace, "run/" + to_string(task)); }

}  // namespace waybill::pipeline
