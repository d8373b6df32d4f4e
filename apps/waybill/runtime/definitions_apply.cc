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

/// A file by the name under which it is read, links and all: where `current` leads to another
/// release, or a mounted volume to its next version, it is the same file still.
std::string named_file(const std::filesystem::path& file) {
  std::error_code unknown;
  const auto found = std::filesystem::absolute(file, unknown);
  return unknown ? file.string() : found.lexically_normal().string();
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

/// The source that has a file of a repository; null if none has.
const GitSource* source_of(const AppliedFrom& from, const DefinitionPlace* place) {
  if (place == nullptr || !place->origin) return nullptr;
  const GitOrigin& origin = *place->origin;
  for (const auto& [source, commits] : from.sources) {
    if (source.repository == origin.repository && source.directory == directory_of(origin.path) &&
        std::ranges::find(commits, origin.commit) != commits.end()) {
      return &source;
    }
  }
  return nullptr;
}

/// Whether a file or a ref that is none of ours has it. One of a person, or of a file that is not
/// there any more (its directory was moved), is anybody's to define.
bool is_of_others(const AppliedFrom& from, const Schedule& schedule) {
  if (is_from(from, schedule.source)) return false;
  const std::filesystem::path file(schedule.source);
  if (!file.has_parent_path()) return false;
  // REPOSITORY#REF@COMMIT:FILE, or a path.
  if (schedule.source.find('#') != std::string::npos) return true;
  std::error_code unknown;
  return std::filesystem::exists(file, unknown);
}

TakenName taken_by(const AppliedFrom& from, const Schedule& schedule,
                   const DefinitionPlace* place) {
  const GitSource* source = source_of(from, place);
  return {
      .name = schedule.name,
      .source = source == nullptr ? "" : source->text,
      .problem = {.file = place == nullptr ? "" : place->file,
                  .at = place == nullptr ? Position{} : place->at,
                  .message = "schedule \"" + schedule.name + "\" is defined by " + schedule.source +
                             " already, which keeps it; give this one another name, or take "
                             "that one away first: `waybill schedule remove " +
                             schedule.name + "`"}};
}

std::vector<TakenName> taken_of(const Definitions& definitions, const AppliedFrom& from,
                                const std::vector<Schedule>& known) {
  std::vector<TakenName> taken;
  for (const Schedule& schedule : known) {
    if (!definitions.schedules.contains(schedule.name) || !is_of_others(from, schedule)) continue;
    taken.push_back(taken_by(from, schedule, definitions.place_of("schedules", schedule.name)));
  }
  return taken;
}

}  // namespace

Result<std::vector<TakenName>> taken_names(const Definitions& definitions, const AppliedFrom& from,
                                           Registry& registry) {
  const auto known = registry.schedules();
  if (!known) return fail(known.error());
  return taken_of(definitions, from, *known);
}

Result<std::vector<TakenName>> apply_definitions(const Definitions& definitions,
                                                 const AppliedFrom& from, Registry& registry,
                                                 Time now) {
  if (const Status applied = apply_queues(definitions, registry); !applied) {
    return fail(applied.error());
  }
  const auto known = registry.schedules();
  if (!known) return fail(known.error());
  std::vector<TakenName> taken = taken_of(definitions, from, *known);
  for (const auto& [name, defined] : definitions.schedules) {
    if (std::ranges::find(taken, name, &TakenName::name) != taken.end()) continue;
    Schedule schedule = defined;
    schedule.handled_until = now;
    // The next process may start elsewhere.
    const DefinitionPlace* place = definitions.place_of("schedules", name);
    if (place == nullptr || !place->origin) {
      schedule.source = named_file(schedule.source);
    } else if (const GitSource* source = source_of(from, place)) {
      schedule.source =
          owner_text(*source) + short_commit(place->origin->commit) + ":" + place->origin->path;
    }
    const auto before = std::ranges::find(*known, name, &Schedule::name);
    if (before != known->end()) schedule.handled_until = before->handled_until;
    if (const Status put = registry.put_schedule(schedule); !put) return fail(put.error());
  }
  for (const Schedule& schedule : *known) {
    if (!is_from(from, schedule.source) || definitions.schedules.contains(schedule.name)) continue;
    const Status removed = registry.remove_schedule(schedule.name);
    if (!removed && removed.error().code != Code::not_found) return fail(removed.error());
  }
  return taken;
}

}  // namespace waybill::cli
