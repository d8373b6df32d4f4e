#include "apps/waybill/runtime/definitions_apply.h"

#include <filesystem>

namespace waybill::cli {
namespace {

Status apply_queues(const Definitions& definitions, Registry& registry) {
  const auto known = registry.queues();
  if (!known) return fail(known.error());
  for (const auto& [name, defined] : definitions.queues) {
    QueueSettings settings = defined;
    for (const QueueSettings& queue : *known) {
      if (queue.name == name) settings.paused = queue.paused;
    }
    if (const Status put = registry.put_queue(settings); !put) return put;
  }
  return {};
}

}  // namespace

Status apply_definitions(const Definitions& definitions, const std::string& directory,
                         Registry& registry, Time now) {
  if (const Status applied = apply_queues(definitions, registry); !applied) return applied;
  const auto known = registry.schedules();
  if (!known) return fail(known.error());
  for (const auto& [name, defined] : definitions.schedules) {
    Schedule schedule = defined;
    schedule.handled_until = now;
    for (const Schedule& before : *known) {
      if (before.name == name) schedule.handled_until = before.handled_until;
    }
    if (const Status put = registry.put_schedule(schedule); !put) return put;
  }
  for (const Schedule& schedule : *known) {
    const std::filesystem::path source(schedule.source);
    const bool ours = source.has_parent_path() && source.parent_path() == directory;
    if (!ours || definitions.schedules.contains(schedule.name)) continue;
    const Status removed = registry.remove_schedule(schedule.name);
    if (!removed && removed.error().code != Code::not_found) return removed;
  }
  return {};
}

}  // namespace waybill::cli
