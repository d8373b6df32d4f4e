#include "apps/waybill/runtime/definitions_apply.h"

#include <algorithm>
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

/// Whether a schedule's source is a file of one of these repositories, at whatever commit.
bool is_in_one_of(const std::vector<std::string>& repositories, const std::string& source) {
  return std::ranges::any_of(repositories, [&](const std::string& repository) {
    return source.starts_with(repository + "@");
  });
}

bool is_from(const AppliedFrom& from, const std::string& source) {
  if (is_in_one_of(from.repositories, source)) return true;
  return !from.directory.empty() && is_file_of(from.directory, source);
}

}  // namespace

Status apply_definitions(const Definitions& definitions, const AppliedFrom& from,
                         Registry& registry, Time now) {
  if (const Status applied = apply_queues(definitions, registry); !applied) return applied;
  const auto known = registry.schedules();
  if (!known) return fail(known.error());
  for (const auto& [name, defined] : definitions.schedules) {
    Schedule schedule = defined;
    schedule.handled_until = now;
    // The next process may start elsewhere.
    const DefinitionPlace* place = definitions.place_of("schedules", name);
    if (place == nullptr || !place->origin) schedule.source = resolved_file(schedule.source);
    for (const Schedule& before : *known) {
      if (before.name == name) schedule.handled_until = before.handled_until;
    }
    if (const Status put = registry.put_schedule(schedule); !put) return put;
  }
  for (const Schedule& schedule : *known) {
    if (!is_from(from, schedule.source) || definitions.schedules.contains(schedule.name)) continue;
    const Status removed = registry.remove_schedule(schedule.name);
    if (!removed && removed.error().code != Code::not_found) return removed;
  }
  return {};
}

}  // namespace waybill::cli
