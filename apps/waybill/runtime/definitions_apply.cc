#include "apps/waybill/runtime/definitions_apply.h"

#include <filesystem>

namespace waybill::cli {
namespace {

Status apply_queues(const Definitions& definitions, Registry& registry) {
  for (const auto& [name, settings] : definitions.queues) {
    if (const Status put = registry.put_queue(settings); !put) return put;
  }
  return {};
}

/// A path without links, dots and where the process stands; as it is if that cannot be found out.
std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code unknown;
  auto found = std::filesystem::weakly_canonical(path, unknown);
  return unknown ? path : found;
}

/// The same for a file in its directory: a link to a file, as a mounted volume of configuration
/// has, is that directory's file wherever it leads.
std::string resolved_file(const std::filesystem::path& file) {
  return (resolved(file.parent_path() / "") / file.filename()).string();
}

/// Whether a schedule's source is a file of this directory, however either is spelled.
bool is_file_of(const std::filesystem::path& directory, const std::filesystem::path& source) {
  if (!source.has_parent_path()) return false;  // "cli"
  return resolved(directory / "") == resolved(source.parent_path() / "");
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
    schedule.source = resolved_file(schedule.source);  // the next process may start elsewhere
    for (const Schedule& before : *known) {
      if (before.name == name) schedule.handled_until = before.handled_until;
    }
    if (const Status put = registry.put_schedule(schedule); !put) return put;
  }
  for (const Schedule& schedule : *known) {
    if (!is_file_of(directory, schedule.source) || definitions.schedules.contains(schedule.name))
      continue;
    const Status removed = registry.remove_schedule(schedule.name);
    if (!removed && removed.error().code != Code::not_found) return removed;
  }
  return {};
}

}  // namespace waybill::cli
