#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/definitions_view.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

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
  const auto loaded =
      doing == Doing::dry ? (*sources)->try_sync(deadline) : (*sources)->sync(deadline);
  if (!loaded) return fail(loaded.error());
  bool well = true;
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
              "Exit status 1: a remote could not be asked, or a file is wrong.",
          .options = {kDryRun},
          .run = sync_definitions};
}

}  // namespace waybill::cli
