#include "services/queue_view.h"

#include <boost/json.hpp>
#include <vector>

#include "base/json.h"
#include "core/suggest.h"

namespace waybill {
namespace bj = boost::json;

Result<std::map<std::string, QueueView>> queue_views(const LedgerParts& parts) {
  std::map<std::string, QueueView> views;
  const auto queues = parts.registry.queues();
  if (!queues) return fail(queues.error());
  const auto counts = parts.reader.counts();
  if (!counts) return fail(counts.error());
  for (const QueueSettings& queue : *queues) views[queue.name].settings = queue;
  for (const QueueCounts& count : *counts) views[count.queue].counts = count;
  for (auto& [name, view] : views) view.settings.name = name;
  return views;
}

std::set<std::string> queues_in(const Definitions& definitions) {
  std::set<std::string> names = {TaskRequest{}.queue};
  for (const auto& [name, task] : definitions.tasks) names.insert(task.queue);
  for (const auto& [name, schedule] : definitions.schedules) names.insert(schedule.task.queue);
  for (const auto& [name, queue] : definitions.queues) names.insert(name);
  for (const auto& [name, rule] : definitions.queue_rules) names.insert(name);
  for (const auto& [name, pipeline] : definitions.pipelines) {
    names.insert(pipeline.queue);
    for (const auto& step : pipeline.steps) {
      names.insert(step.queue);
      if (step.inline_task) names.insert(step.inline_task->queue);
    }
  }
  names.erase("");  // of a pipeline or a step that names none
  return names;
}

Result<std::set<std::string>> queues_in(const LedgerParts& parts) {
  const auto views = queue_views(parts);
  if (!views) return fail(views.error());
  const auto workers = parts.registry.workers();
  if (!workers) return fail(workers.error());
  const auto schedules = parts.registry.schedules();
  if (!schedules) return fail(schedules.error());
  std::set<std::string> names;
  for (const auto& [name, view] : *views) names.insert(name);
  for (const WorkerInfo& worker : *workers) {
    names.insert(worker.queues.begin(), worker.queues.end());
  }
  for (const Schedule& schedule : *schedules) names.insert(schedule.task.queue);
  return names;
}

Error unknown_queue(const std::string& name, const std::set<std::string>& known) {
  const std::vector<std::string> names(known.begin(), known.end());
  return {.code = Code::not_found,
          .message = "there is no queue \"" + name + "\"" + did_you_mean(name, names) +
                     "; its first task makes it, or a definition, a schedule or a worker that "
                     "names it"};
}

bj::object queue_to_json(const QueueView& view) {
  bj::object counts;
  for (int state = 0; state < kStateCount; ++state) {
    counts[json::text(to_string(static_cast<State>(state)))] = view.counts.by_state[state];
  }
  const Retention& retention = view.settings.retention;
  return {{"name", view.settings.name},
          {"paused", view.settings.paused},
          {"concurrency", view.settings.concurrency_max},
          {"retention",
           {{"succeeded", format_duration(retention.succeeded)},
            {"failed", format_duration(retention.failed)},
            {"cancelled", format_duration(retention.cancelled)}}},
          {"tasks", std::move(counts)}};
}

}  // namespace waybill
