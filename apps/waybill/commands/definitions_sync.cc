#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/definitions_view.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/applied_from.h"
#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// Schedules that the ledger has from other files or refs; none where there is no ledger yet.
Result<std::vector<TakenName>> names_of_others(Session& session, const DefinitionSources& sources,
                                               const DefinitionSources::Loaded& loaded) {
  if (loaded.definitions.schedules.empty()) return std::vector<TakenName>();
  const auto store = session.store(OpenStore::reading);
  if (!store && store.error().code == Code::not_found) return std::vector<TakenName>();
  if (!store) return fail(with_context(store.error(), "looking for schedules of the same names"));
  auto taken =
      taken_names(loaded.definitions, applied_from(session.config(), sources, loaded.states),
                  (*store)->registry());
  if (!taken) return taken;
  for (const TakenName& each : *taken) {
    if (each.source.empty()) session.output().note(to_string(each.problem));
  }
  return taken;
}

Exit sync_definitions(Session& session, const Invocation& invocation) {
  const Signals signals;
  const auto sources = DefinitionSources::create(session.config(), session.clock());
  if (!sources) return fail(sources.error());
  Output& output = session.output();
  if (!(*sources)->any()) {
    return fail(Code::invalid_argument,
                "no repositories are followed: name them with --definitions-from");
  }
  const Doing doing = doing_of(invocation);
  const Deadline deadline{.at = kSteadyTimeMax, .stop = signals.token()};
  auto loaded = doing == Doing::dry ? (*sources)->try_sync(deadline) : (*sources)->sync(deadline);
  if (!loaded) return fail(loaded.error());
  const auto taken = names_of_others(session, **sources, *loaded);
  if (!taken) return fail(taken.error());
  add_problems(*taken, loaded->states);
  bool well = taken->empty();
  for (const SourceState& state : loaded->states) well = well && state.is_well();
  if (output.json()) {
    output.json_line(answer(doing, sources_to_json(loaded->states)));
  } else {
    output.data(sources_to_text(loaded->states, output));
  }
  return well ? 0 : 1;
}

}  // namespace

Command definitions_sync_command() {
  return {.path = "definitions sync",
          .summary = "Ask the repositories of definitions for new commits, and take them",
          .examples = {"waybill definitions sync --definitions-from "
                       "https://github.com/acme/tasks#main:definitions",
                       "waybill definitions sync --dry-run"},
          .details =
              "`up` and `serve` do the same every --definitions-every, and take what this command "
              "took. A file that is wrong is held as it last was right, and takes no other down. "
              "A schedule that the ledger has from another file or ref is left to that, and told. "
              "Exit status 1: a remote could not be asked, or a file is wrong.",
          .options = {kDryRun},
          .run = sync_definitions};
}

}  // namespace waybill::cli
