#include "core/pipeline/definition_read.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/document.h"
#include "core/pipeline/definition_check.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

using Violations = std::vector<SchemaViolation>;

/// A field that may not be there, below nothing.
Duration read_limit(const Fields& fields, const std::string& pointer, Violations& violations) {
  const Duration limit = fields.duration("timeout", Duration::zero());
  if (limit < Duration::zero()) {
    violations.push_back({.pointer = pointer + "/timeout", .message = "has to be 0 or more"});
  }
  return limit;
}

std::optional<int> read_priority(const Fields& fields) {
  if (!fields.has("priority")) return std::nullopt;
  return static_cast<int>(fields.integer("priority", 0));
}

/// What a step does: exactly one of task, pipeline and wait.
void read_what(const Entry& step, StepDefinition& definition, const std::string& pointer,
               Violations& violations) {
  const Fields fields(step.object);
  int count = 0;
  if (const bj::value* task = fields.find("task")) {
    ++count;
    if (task->is_string()) {
      definition.task = task->get_string();
    } else {
      Violations inner;
      const Entry entry{.name = step.name,
                        .object = task->get_object(),
                        .file = step.file,
                        .directory = step.directory,
                        .is_confined = step.is_confined};
      definition.inline_task = read_task(entry, inner);
      if (definition.inline_task->kind == kRepoRunKind) {
        inner.clear();  // what it says of rules would not help here
        inner.push_back({.pointer = "/kind",
                         .message = "repo.run needs a rule of its own: define it under tasks, and "
                                    "say its name here"});
      }
      for (SchemaViolation& violation : inner) {
        violation.pointer = pointer + "/task" + violation.pointer;
        violations.push_back(std::move(violation));
      }
    }
  }
  if (fields.has("pipeline")) {
    ++count;
    definition.kind = StepKind::pipeline;
    definition.pipeline = fields.text("pipeline");
  }
  if (fields.has("wait")) {
    ++count;
    definition.kind = StepKind::wait;
    definition.wait = fields.json("wait");
  }
  if (count != 1) {
    violations.push_back({.pointer = pointer,
                          .message = "has to have exactly one of task, pipeline and wait",
                          .of = SchemaViolation::Of::key});
  }
}

StepDefinition read_step(const Entry& step, const std::string& pointer, Violations& violations) {
  const Fields fields(step.object);
  StepDefinition definition;
  definition.name = step.name;
  read_what(step, definition, pointer, violations);
  if (const bj::value* needs = fields.find("needs")) {
    if (needs->is_string()) {
      definition.needs.emplace_back(needs->get_string());
    } else {
      for (const bj::value& need : needs->get_array()) {
        definition.needs.emplace_back(need.get_string());
      }
    }
  }
  if (const bj::value* condition = fields.find("if")) {
    definition.condition =
        condition->is_bool() ? json::serialize(*condition) : std::string(condition->get_string());
  }
  definition.with = fields.json("with", "{}");
  definition.inputs = fields.json("inputs");
  definition.outputs = fields.json("outputs");
  definition.matrix = fields.json("matrix");
  definition.for_each = fields.json("for_each");
  definition.max_parallel = static_cast<std::uint32_t>(fields.integer("max_parallel", 0));
  definition.fail_fast = fields.flag("fail_fast", true);
  definition.timeout = read_limit(fields, pointer, violations);
  if (fields.has("retry")) {
    definition.retry = read_retry(Fields(fields.object("retry")));
    if (const Status s = check_retry_policy(*definition.retry); !s) {
      violations.push_back({.pointer = pointer + "/retry", .message = s.error().message});
    }
  }
  definition.queue = fields.text("queue");
  definition.priority = read_priority(fields);
  return definition;
}

}  // namespace

PipelineDefinition read_pipeline(const Entry& entry, Violations& violations) {
  const Fields fields(entry.object);
  PipelineDefinition pipeline;
  pipeline.name = entry.name;
  pipeline.params_schema = fields.json("params");
  if (fields.has("params")) check_params_schema(fields.object("params"), violations);
  pipeline.outputs = fields.json("outputs", "{}");
  pipeline.run_time_max = read_limit(fields, "", violations);
  pipeline.concurrency = static_cast<std::uint32_t>(fields.integer("concurrency", 0));
  pipeline.queue = fields.text("queue");
  pipeline.priority = read_priority(fields);
  pipeline.labels = read_labels(fields.object("labels"));
  pipeline.who_may = read_who_may(entry, violations);
  pipeline.notify = read_notify_of(entry);
  for (const auto& member : fields.object("steps")) {
    const std::string name(member.key());
    const Entry step{.name = name,
                     .object = member.value().get_object(),
                     .file = entry.file,
                     .directory = entry.directory,
                     .is_confined = entry.is_confined};
    pipeline.steps.push_back(read_step(step, child_pointer("/steps", name), violations));
  }
  check_pipeline(pipeline, violations);
  return pipeline;
}

}  // namespace waybill::pipeline
