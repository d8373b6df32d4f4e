#include "core/pipeline/kept_run_json.h"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/task_json.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::array<std::string_view, 4> kStops = {"none", "cancel", "timeout", "at_once"};

bj::string stop_text(Stop stop) { return json::text(kStops[static_cast<std::size_t>(stop)]); }

bj::array texts_of(const std::vector<std::string>& names) {
  bj::array array;
  for (const std::string& name : names) array.push_back(json::text(name));
  return array;
}

bj::value id_or_null(const Uuid& id) {
  return id.is_nil() ? bj::value(nullptr) : bj::value(to_string(id));
}

bj::value stop_json(const StopAsked& stop) {
  if (stop.stop == Stop::none) return nullptr;
  return bj::object{{"stop", stop_text(stop.stop)},
                    {"by", json::text(stop.by)},
                    {"reason", json::text_or_null(stop.reason)}};
}

bj::value wait_json(const KeptNode& node) {
  if (!node.wait) return nullptr;
  const Wait& wait = *node.wait;
  switch (wait.kind) {
    case WaitKind::time:
      return bj::object{{"kind", "time"}, {"until", time_to_json(wait.until)}};
    case WaitKind::http:
      return bj::object{{"kind", "http"},
                        {"url", json::text(wait.url)},
                        {"statuses", bj::array(wait.statuses.begin(), wait.statuses.end())},
                        {"every", format_duration(wait.every)}};
    case WaitKind::approval:
      break;
  }
  bj::value decision;
  if (node.decision) {
    decision = bj::object{{"approved", node.decision->approved},
                          {"by", json::text(node.decision->by)},
                          {"comment", json::text_or_null(node.decision->comment)},
                          {"at", time_to_json(node.decision->at)}};
  }
  return bj::object{{"kind", "approval"},
                    {"who_may", text_to_json(wait.who_may)},
                    {"decision", std::move(decision)}};
}

std::string_view kind_text(StepKind kind) {
  constexpr std::array<std::string_view, 3> kKinds = {"task", "pipeline", "wait"};
  return kKinds[static_cast<std::size_t>(kind)];
}

/// An expression, or a list or map as JSON; null for none.
bj::value as_written(const std::string& text) {
  const bj::value value = text_to_json(text);
  if (value.is_string() || value.is_null()) return value;
  return json::text(text);
}

bj::object step_json(const StepDefinition& step, const std::string& path) {
  return {{"path", json::text(path)},
          {"kind", json::text(kind_text(step.kind))},
          {"task", json::text_or_null(step.inline_task ? "" : step.task)},
          {"pipeline", json::text_or_null(step.pipeline)},
          {"wait", text_to_json(step.wait)},
          {"needs", texts_of(step.needs)},
          {"if", json::text_or_null(step.condition)},
          {"with", text_to_json(step.with)},
          {"inputs", as_written(step.inputs)},
          {"matrix", as_written(step.matrix)},
          {"for_each", as_written(step.for_each)}};
}

void add_steps(const PlanPipeline& pipeline, const std::string& prefix, bj::array& steps) {
  std::vector<std::size_t> needs_left;
  std::vector<std::uint32_t> ready;
  for (std::uint32_t i = 0; i < pipeline.steps.size(); ++i) {
    needs_left.push_back(pipeline.steps[i].needs.size());
    if (needs_left.back() == 0) ready.push_back(i);
  }
  for (std::size_t at = 0; at < ready.size(); ++at) {
    const PlanStep& step = pipeline.steps[ready[at]];
    const std::string path = prefix + step.definition.name;
    steps.push_back(step_json(step.definition, path));
    if (step.pipeline != nullptr) {
      add_steps(*step.pipeline, path + (step.expansion ? "[]/" : "/"), steps);
    }
    for (const std::uint32_t after : step.needed_by) {
      if (--needs_left[after] == 0) ready.push_back(after);
    }
  }
}

}  // namespace

bj::object run_to_json(const KeptRun& run) {
  return {{"id", to_string(run.id)},
          {"pipeline", json::text(run.pipeline)},
          {"state", json::text(to_string(run.state))},
          {"params", text_to_json(run.params)},
          {"priority", run.priority ? bj::value(*run.priority) : bj::value(nullptr)},
          {"created_by", json::text(run.created_by)},
          {"created_at", time_to_json(run.created_at)},
          {"started_at", time_to_json(run.started_at)},
          {"ended_at", time_to_json(run.ended_at)},
          {"outputs", text_to_json(run.outputs)},
          {"error", json::text_or_null(run.error)},
          {"stop_asked", stop_json(run.stop)},
          {"reuse_from", id_or_null(run.reuse_from)},
          {"anew", texts_of(run.anew)},
          {"plan", json::text(run.plan)}};
}

bj::object node_to_json(const Uuid& run, const KeptNode& node) {
  const Uuid task = node.kind == BegunAs::task ? task_id(run, node.path) : Uuid{};
  return {{"path", json::text(node.path)},
          {"kind", json::text(to_string(node.kind))},
          {"state", json::text(to_string(node.record.state))},
          {"task_id", id_or_null(task)},
          {"outputs", text_to_json(node.record.outputs)},
          {"error", json::text_or_null(node.record.error)},
          {"stop_asked", stop_text(node.record.stop)},
          {"due_at", time_to_json(node.record.due)},
          {"began_at", time_to_json(node.began_at)},
          {"ended_at", time_to_json(node.ended_at)},
          {"reused", node.is_reused},
          {"wait", wait_json(node)}};
}

bj::object pipeline_to_json(const PipelineDefinition& pipeline) {
  bj::array steps;
  for (const StepDefinition& step : pipeline.steps) steps.push_back(step_json(step, step.name));
  return {{"name", json::text(pipeline.name)},
          {"params", text_to_json(pipeline.params_schema)},
          {"outputs", text_to_json(pipeline.outputs)},
          {"timeout", pipeline.run_time_max == Duration::zero()
                          ? bj::value(nullptr)
                          : bj::value(format_duration(pipeline.run_time_max))},
          {"concurrency", pipeline.concurrency},
          {"steps", std::move(steps)}};
}

bj::object plan_to_json(const Plan& plan) {
  bj::array steps;
  add_steps(plan.root(), "", steps);
  return {{"pipeline", json::text(plan.root().definition.name)}, {"steps", std::move(steps)}};
}

}  // namespace waybill::pipeline
