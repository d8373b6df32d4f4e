#include "apps/waybill/runtime/definitions_apply.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

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

/// What a schedule of this source says before its commit.
std::string owner_text(const GitSource& source) {
  return source.repository + "#" + (source.ref.empty() ? "HEAD" : source.ref) + "@";
}

std::string directory_of(std::string_view path) {
  return std::filesystem::path(path).parent_path().string();
}

/// Whether a schedule is of a file of this source, at whatever commit.
bool is_file_of(const GitSource& source, const std::string& text) {
  // As it was written before refs were told.
  if (text.starts_with(source.repository + "@")) return true;
  const std::string owner = owner_text(source);
  if (!text.starts_with(owner)) return false;
  const std::string_view place = std::string_view(text).substr(owner.size());
  const std::size_t colon = place.find(':');
  // A ref may hold what stands between a ref and a commit.
  if (colon == place.npos || place.substr(0, colon).find('@') != place.npos) return false;
  return directory_of(place.substr(colon + 1)) == source.directory;
}

bool is_from(const AppliedFrom& from, const std::string& source) {
  const bool is_of_repository = std::ranges::any_of(
      from.sources, [&](const FollowedSource& each) { return is_file_of(each.source, source); });
  if (is_of_repository) return true;
  return !from.directory.empty() && is_file_of(std::filesystem::path(from.directory), source);
}

/// As a schedule of a file of a repository is kept; empty if no source has that file.
std::string source_text(const AppliedFrom& from, const GitOrigin& origin) {
  for (const auto& [source, commits] : from.sources) {
    if (source.repository != origin.repository || source.directory != directory_of(origin.path) ||
        std::ranges::find(commits, origin.commit) == commits.end()) {
      continue;
    }
    return owner_text(source) + short_commit(origin.commit) + ":" + origin.path;
  }
  return "";
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
    if (place == nullptr || !place->origin) {
      schedule.source = resolved_file(schedule.source);
    } else if (std::string text = source_text(from, *place->origin); !text.empty()) {
      schedule.source = std::move(text);
    }
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
