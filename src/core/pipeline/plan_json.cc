#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/definition_read.h"
#include "core/pipeline/plan.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::int64_t kVersion = 1;

/// What a plan says that was not written by us, or by another version.
constexpr std::string_view kPlanSchema = R"({
  "type": "object", "required": ["version", "pipeline", "pipelines", "tasks"],
  "properties": {
    "version": {"const": 1}, "pipeline": {"type": "string"},
    "pipelines": {"type": "array", "items": {"$ref": "#/$defs/pipeline"}},
    "tasks": {"type": "array", "items": {"$ref": "#/$defs/task"}}},
  "$defs": {
    "micros": {"type": "integer", "minimum": 0},
    "text": {"type": "string"},
    "retry": {"type": "object", "properties": {
      "failures": {"$ref": "#/$defs/micros"}, "worker_deaths": {"$ref": "#/$defs/micros"},
      "backoff": {"$ref": "#/$defs/micros"}, "backoff_max": {"$ref": "#/$defs/micros"},
      "backoff_factor": {"type": "number"}, "jitter": {"type": "number"}}},
    "labels": {"type": "object", "additionalProperties": {"$ref": "#/$defs/text"}},
    "task": {"type": "object", "required": ["name", "kind"], "properties": {
      "name": {"$ref": "#/$defs/text"}, "kind": {"$ref": "#/$defs/text"},
      "queue": {"$ref": "#/$defs/text"}, "spec": {"type": "object"}, "params": {"type": "object"},
      "priority": {"type": "integer"}, "timeout": {"$ref": "#/$defs/micros"},
      "retry": {"$ref": "#/$defs/retry"}, "labels": {"$ref": "#/$defs/labels"},
      "notify": {"type": "array"}, "digests": {"$ref": "#/$defs/labels"}}},
    "pipeline": {"type": "object", "required": ["name", "steps"], "properties": {
      "name": {"$ref": "#/$defs/text"}, "params": {"type": "object"},
      "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
      "outputs": {"type": "object"}, "timeout": {"$ref": "#/$defs/micros"},
      "concurrency": {"$ref": "#/$defs/micros"}, "queue": {"$ref": "#/$defs/text"},
      "priority": {"type": "integer"}, "labels": {"$ref": "#/$defs/labels"},
      "who_may": {"$ref": "#/$defs/who_may"}, "notify": {"type": "array"}}},
    "who_may": {"type": "object", "properties": {
      "github": {"type": "object", "additionalProperties": {"$ref": "#/$defs/text"}},
      "people": {"type": "array", "items": {"$ref": "#/$defs/text"}},
      "role": {"$ref": "#/$defs/text"}}},
    "step": {"type": "object", "required": ["name", "kind"], "properties": {
      "name": {"$ref": "#/$defs/text"}, "kind": {"enum": ["task", "pipeline", "wait"]},
      "task": {"$ref": "#/$defs/text"}, "inline_task": {"$ref": "#/$defs/task"},
      "pipeline": {"$ref": "#/$defs/text"}, "wait": {"type": "object"},
      "needs": {"type": "array", "items": {"$ref": "#/$defs/text"}},
      "if": {"$ref": "#/$defs/text"}, "with": {"type": "object"}, "outputs": {"type": "object"},
      "inputs": {"type": ["object", "string"]},
      "max_parallel": {"$ref": "#/$defs/micros"}, "fail_fast": {"type": "boolean"},
      "timeout": {"$ref": "#/$defs/micros"}, "retry": {"$ref": "#/$defs/retry"},
      "queue": {"$ref": "#/$defs/text"}, "priority": {"type": "integer"}}}}})";

const JsonSchema& schema() {
  static const JsonSchema kSchema =
      *JsonSchema::compile(json::parse(kPlanSchema).value(), standard_formats()).schema;
  return kSchema;
}

bj::value parsed(const std::string& text) { return json::parse(text).value(); }

void put(bj::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = json::text(text);
}
void put_json(bj::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = parsed(text);
}

bj::object retry_json(const RetryPolicy& retry) {
  return {{"failures", retry.failures_max},         {"worker_deaths", retry.worker_deaths_max},
          {"backoff", retry.backoff_first.count()}, {"backoff_max", retry.backoff_max.count()},
          {"backoff_factor", retry.backoff_factor}, {"jitter", retry.jitter}};
}

bj::object labels_json(const Labels& labels) {
  bj::object object;
  for (const auto& [name, value] : labels) object[name] = json::text(value);
  return object;
}

bj::object task_json(const TaskDefinition& task) {
  bj::object object = {{"name", task.name},
                       {"kind", task.kind},
                       {"queue", task.queue},
                       {"priority", task.priority},
                       {"timeout", task.run_time_max.count()},
                       {"retry", retry_json(task.retry)},
                       {"labels", labels_json(task.labels)}};
  put_json(object, "spec", task.spec);
  put_json(object, "params", task.params_schema);
  put_json(object, "notify", task.notify);
  if (!task.digests.empty()) {
    object["digests"] = labels_json({task.digests.begin(), task.digests.end()});
  }
  return object;
}

bj::object step_json(const StepDefinition& step) {
  static constexpr const char* kKinds[] = {"task", "pipeline", "wait"};
  bj::object object = {{"name", step.name},
                       {"kind", kKinds[static_cast<std::size_t>(step.kind)]},
                       {"max_parallel", step.max_parallel},
                       {"fail_fast", step.fail_fast},
                       {"timeout", step.timeout.count()}};
  put(object, "task", step.task);
  if (step.inline_task) object["inline_task"] = task_json(*step.inline_task);
  put(object, "pipeline", step.pipeline);
  put_json(object, "wait", step.wait);
  if (!step.needs.empty()) object["needs"] = bj::array(step.needs.begin(), step.needs.end());
  put(object, "if", step.condition);
  put_json(object, "with", step.with);
  put_json(object, "inputs", step.inputs);
  put_json(object, "outputs", step.outputs);
  put_json(object, "matrix", step.matrix);
  put_json(object, "for_each", step.for_each);
  if (step.retry) object["retry"] = retry_json(*step.retry);
  put(object, "queue", step.queue);
  if (step.priority) object["priority"] = *step.priority;
  return object;
}

bj::object pipeline_json(const PipelineDefinition& pipeline) {
  bj::object object = {{"name", pipeline.name},
                       {"timeout", pipeline.run_time_max.count()},
                       {"concurrency", pipeline.concurrency},
                       {"labels", labels_json(pipeline.labels)}};
  put_json(object, "params", pipeline.params_schema);
  put_json(object, "outputs", pipeline.outputs);
  put(object, "queue", pipeline.queue);
  if (pipeline.priority) object["priority"] = *pipeline.priority;
  put_json(object, "notify", pipeline.notify);
  if (pipeline.who_may) object["who_may"] = parsed(to_json_text(*pipeline.who_may));
  bj::array steps;
  for (const StepDefinition& step : pipeline.steps) steps.push_back(step_json(step));
  object["steps"] = std::move(steps);
  return object;
}

Duration micros(const Fields& fields, std::string_view name, Duration otherwise = {}) {
  return Duration(fields.integer(name, otherwise.count()));
}

RetryPolicy retry_of(const Fields& fields) {
  RetryPolicy retry;
  const auto count = [&](std::string_view name, std::uint32_t otherwise) {
    return static_cast<std::uint32_t>(fields.integer(name, otherwise));
  };
  retry.failures_max = count("failures", retry.failures_max);
  retry.worker_deaths_max = count("worker_deaths", retry.worker_deaths_max);
  retry.backoff_first = micros(fields, "backoff", retry.backoff_first);
  retry.backoff_max = micros(fields, "backoff_max", retry.backoff_max);
  retry.backoff_factor = fields.number("backoff_factor", retry.backoff_factor);
  retry.jitter = fields.number("jitter", retry.jitter);
  return retry;
}

Labels labels_of(const bj::object& object) {
  Labels labels;
  for (const auto& member : object) labels.emplace_back(member.key(), member.value().get_string());
  return labels;
}

std::optional<int> priority_of(const Fields& fields) {
  if (!fields.has("priority")) return std::nullopt;
  return static_cast<int>(fields.integer("priority", 0));
}

TaskDefinition task_of(const Fields& fields) {
  TaskDefinition task;
  task.name = fields.text("name");
  task.kind = fields.text("kind");
  task.queue = fields.text("queue", task.queue);
  task.spec = fields.json("spec", task.spec);
  task.params_schema = fields.json("params");
  task.priority = priority_of(fields).value_or(0);
  task.run_time_max = micros(fields, "timeout");
  task.retry = retry_of(Fields(fields.object("retry")));
  task.labels = labels_of(fields.object("labels"));
  task.notify = fields.json("notify");
  for (auto& [name, digest] : labels_of(fields.object("digests"))) {
    task.digests.emplace(std::move(name), std::move(digest));
  }
  return task;
}

StepDefinition step_of(const Fields& fields) {
  StepDefinition step;
  step.name = fields.text("name");
  const std::string kind = fields.text("kind");
  if (kind == "pipeline") step.kind = StepKind::pipeline;
  if (kind == "wait") step.kind = StepKind::wait;
  step.task = fields.text("task");
  if (fields.has("inline_task")) step.inline_task = task_of(Fields(fields.object("inline_task")));
  step.pipeline = fields.text("pipeline");
  step.wait = fields.json("wait");
  if (const bj::value* needs = fields.find("needs")) {
    for (const bj::value& need : needs->get_array()) step.needs.emplace_back(need.get_string());
  }
  step.condition = fields.text("if");
  step.with = fields.json("with", "{}");
  step.inputs = fields.json("inputs");
  step.outputs = fields.json("outputs");
  step.matrix = fields.json("matrix");
  step.for_each = fields.json("for_each");
  step.max_parallel = static_cast<std::uint32_t>(fields.integer("max_parallel", 0));
  step.fail_fast = fields.flag("fail_fast", true);
  step.timeout = micros(fields, "timeout");
  if (fields.has("retry")) step.retry = retry_of(Fields(fields.object("retry")));
  step.queue = fields.text("queue");
  step.priority = priority_of(fields);
  return step;
}

PipelineDefinition pipeline_of(const bj::object& object) {
  const Fields fields(object);
  PipelineDefinition pipeline;
  pipeline.name = fields.text("name");
  pipeline.params_schema = fields.json("params");
  pipeline.outputs = fields.json("outputs", "{}");
  pipeline.run_time_max = micros(fields, "timeout");
  pipeline.concurrency = static_cast<std::uint32_t>(fields.integer("concurrency", 0));
  pipeline.queue = fields.text("queue");
  pipeline.priority = priority_of(fields);
  pipeline.labels = labels_of(fields.object("labels"));
  pipeline.notify = fields.json("notify");
  std::vector<SchemaViolation> violations;  // it was sound when it was written down
  pipeline.who_may = read_who_may(
      {.name = pipeline.name, .object = object, .file = "", .directory = ""}, violations);
  for (const bj::value& step : fields.find("steps")->get_array()) {
    pipeline.steps.push_back(step_of(Fields(step.get_object())));
  }
  return pipeline;
}

}  // namespace

std::string to_json_text(const WhoMay& rule) {
  bj::object object;
  if (!rule.repository.empty()) {
    object["github"] = {{"provider", json::text(rule.provider)},
                        {"repository", json::text(rule.repository)},
                        {"permission", json::text(to_string(rule.permission))}};
  }
  if (!rule.people.empty()) object["people"] = bj::array(rule.people.begin(), rule.people.end());
  if (rule.role) object["role"] = json::text(to_string(*rule.role));
  return json::serialize(object);
}

std::string Plan::to_json_text() const {
  bj::array pipelines;
  for (const auto& [name, pipeline] : pipelines_) pipelines.push_back(pipeline_json(pipeline));
  bj::array tasks;
  for (const auto& [name, task] : tasks_) tasks.push_back(task_json(task));
  return json::serialize(bj::object{{"version", kVersion},
                                    {"pipeline", root_->definition.name},
                                    {"pipelines", std::move(pipelines)},
                                    {"tasks", std::move(tasks)}});
}

Result<std::shared_ptr<const Plan>> Plan::read(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "the plan of a run"));
  if (const auto violations = schema().check(*value); !violations.empty()) {
    return fail(Code::invalid_argument, "the plan of a run: " + to_string(violations[0]));
  }
  const Fields fields(value->get_object());
  Pipelines pipelines;
  TaskDefinitions tasks;
  for (const bj::value& each : fields.find("pipelines")->get_array()) {
    PipelineDefinition pipeline = pipeline_of(each.get_object());
    pipelines.emplace(pipeline.name, std::move(pipeline));
  }
  for (const bj::value& each : fields.find("tasks")->get_array()) {
    TaskDefinition task = task_of(Fields(each.get_object()));
    tasks.emplace(task.name, std::move(task));
  }
  return make(fields.text("pipeline"), pipelines, tasks);
}

}  // namespace waybill::pipeline
