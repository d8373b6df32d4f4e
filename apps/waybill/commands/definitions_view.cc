#include "apps/waybill/commands/definitions_view.h"

#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "core/definition_json.h"
#include "core/git_source.h"
#include "core/suggest.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// `tasks` is the map, `task` one of them.
std::string one_of(const std::string& map) { return map.substr(0, map.size() - 1); }

bj::object place_to_json(const std::string& map, const std::string& name,
                         const DefinitionPlace& place) {
  bj::object object{{"type", one_of(map)}, {"name", name}, {"source", source_to_json(place)}};
  return object;
}

std::string shown_to_text(const bj::object& object, const DefinitionPlace& place,
                          const Output& output) {
  const std::string line = place.at.line == 0 ? "" : ":" + std::to_string(place.at.line);
  Table table({"FIELD", "VALUE"});
  table.add({"type", std::string(object.at("type").get_string())});
  table.add({"name", std::string(object.at("name").get_string())});
  if (place.origin) {
    table.add({"repository", place.origin->repository});
    table.add({"commit", place.origin->commit});
    table.add({"file", place.origin->path + line});
  } else {
    table.add({"file", place.file + line});
  }
  const bj::value& definition = object.at("definition");
  if (definition.is_object()) {
    for (const auto& member : definition.get_object()) {
      table.add({std::string(member.key()), json::serialize(member.value())});
    }
  }
  return table.text(output);
}

Exit list_definitions(Session& session, const Invocation&) {
  const auto sources = DefinitionSources::create(session.config(), session.clock());
  if (!sources) return fail(sources.error());
  const auto loaded = (*sources)->load();
  if (!loaded) return fail(loaded.error());
  Output& output = session.output();
  bj::array definitions;
  Table table({"TYPE", "NAME", "REPOSITORY", "COMMIT", "FILE"});
  for (const auto& [map, names] : loaded->definitions.places) {
    for (const auto& [name, place] : names) {
      definitions.push_back(place_to_json(map, name, place));
      const auto& origin = place.origin;
      const std::string line = place.at.line == 0 ? "" : ":" + std::to_string(place.at.line);
      table.add({one_of(map),
                 {name, Colour::bold},
                 origin ? origin->repository : "-",
                 origin ? short_commit(origin->commit) : "-",
                 (origin ? origin->path : place.file) + line});
    }
  }
  if (output.json()) {
    bj::object object = sources_to_json(loaded->states);
    object["definitions"] = std::move(definitions);
    output.json_line(object);
    return 0;
  }
  if (table.empty()) {
    output.note(
        "no definitions: name their directory with --definitions DIR, or repositories of "
        "them with --definitions-from");
  } else {
    output.data(table.text(output));
  }
  if (!loaded->states.empty()) output.data("\n" + sources_to_text(loaded->states, output));
  return 0;
}

Exit show_definition(Session& session, const Invocation& invocation) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const std::string& name = invocation.positionals[0];
  Output& output = session.output();
  std::string text;
  std::vector<std::string> known;
  bj::array found;
  for (const auto& [map, names] : (*definitions)->places) {
    for (const auto& [each, place] : names) {
      known.push_back(each);
      if (each != name) continue;
      bj::object object = place_to_json(map, name, place);
      object["definition"] = text_to_json(place.json);
      text += shown_to_text(object, place, output);
      found.push_back(std::move(object));
    }
  }
  if (found.empty()) {
    return fail(Code::not_found, "there is no definition \"" + name + "\"" +
                                     did_you_mean(name, known) +
                                     "; list them with `waybill definitions list`");
  }
  if (output.json()) {
    output.json_line(bj::object{{"definitions", std::move(found)}});
  } else {
    output.data(text);
  }
  return 0;
}

}  // namespace

bj::object sources_to_json(const std::vector<SourceState>& states) {
  bj::array sources;
  for (const SourceState& state : states) {
    bj::array problems;
    for (const Problem& problem : state.problems) {
      problems.push_back(bj::object{{"file", json::text(problem.file)},
                                    {"line", problem.at.line},
                                    {"column", problem.at.column},
                                    {"message", json::text(problem.message)}});
    }
    bj::array files;
    for (const auto& [name, pinned] : state.files) {
      files.push_back(bj::object{{"name", json::text(name)}, {"commit", pinned.commit}});
    }
    bj::array left_out;
    for (const std::string& path : state.left_out) left_out.emplace_back(json::text(path));
    sources.push_back(bj::object{{"source", json::text(state.source)},
                                 {"commit", json::text_or_null(state.commit)},
                                 {"checked_at", time_to_json(state.checked_at)},
                                 {"changed_at", time_to_json(state.changed_at)},
                                 {"error", json::text_or_null(state.error)},
                                 {"files", std::move(files)},
                                 {"problems", std::move(problems)},
                                 {"left_out", std::move(left_out)}});
  }
  return {{"sources", std::move(sources)}};
}

std::string sources_to_text(const std::vector<SourceState>& states, const Output& output) {
  Table table({"SOURCE", "COMMIT", "FILES", "CHECKED", "STATE"});
  std::string wrong;
  for (const SourceState& state : states) {
    const auto problems = static_cast<std::int64_t>(state.problems.size());
    Cell cell("well", Colour::green);
    if (problems > 0) cell = Cell(counted(problems, "problem"), Colour::red);
    if (!state.error.empty()) cell = Cell("remote failed", Colour::red);
    if (state.checked_at == Time{}) cell = Cell("never asked", Colour::yellow);
    table.add({state.source, state.commit.empty() ? "-" : short_commit(state.commit),
               std::to_string(state.files.size()),
               state.checked_at == Time{} ? "-" : to_the_second(state.checked_at), cell});
    if (!state.error.empty()) wrong += printable(state.source + ": " + state.error, 1000) + "\n";
    for (const Problem& problem : state.problems) {
      wrong += printable(to_string(problem), 1000) + "\n";
    }
  }
  return table.text(output) + wrong;
}

Command definitions_list_command() {
  return {.path = "definitions list",
          .summary = "List what is defined, with repository, commit and file",
          .examples = {"waybill definitions list --definitions ./definitions",
                       "waybill definitions list --json"},
          .details =
              "Asks no remote: it shows what is kept of the repositories, and what was wrong "
              "with them when they were last asked.",
          .run = list_definitions};
}

Command definitions_show_command() {
  return {.path = "definitions show",
          .summary = "Show a definition as it is written, and where",
          .examples = {"waybill definitions show nightly"},
          .positionals = {{"NAME", "of a task, pipeline, scan, schedule or queue"}},
          .run = show_definition};
}

}  // namespace waybill::cli
