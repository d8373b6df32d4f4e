#include "core/pipeline/start_spec.h"

#include <algorithm>
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

/// Those rules that want to be told of a failure, for that alone: of a start whose run tells the
/// rest.
std::string rules_for_failures(const std::string& notify) {
  std::vector<NotifyRule> rules = read_notify(notify).value();
  std::vector<NotifyRule> kept;
  for (NotifyRule& rule : rules) {
    if (std::ranges::find(rule.on, State::failed) == rule.on.end()) continue;
    rule.on = {State::failed};
    kept.push_back(std::move(rule));
  }
  return notify_json(kept);
}

}  // namespace

TaskRequest make_start_request(const PipelineDefinition& pipeline, const StartSpec& spec,
                               std::string params) {
  TaskRequest task;
  task.kind = kStartKind;
  if (!pipeline.queue.empty()) task.queue = pipeline.queue;
  task.priority = spec.priority.value_or(pipeline.priority.value_or(0));
  task.spec = to_json_text(spec);
  task.params = std::move(params);
  task.notify = rules_for_failures(merge_notify(pipeline.notify, spec.notify));
  return task;
}

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
