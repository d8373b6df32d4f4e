#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/work_loop.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"
#include "services/rescuer.h"
#include "services/service_loop.h"

namespace waybill::cli {
namespace {

std::string greeting(const std::vector<std::string>& queues) {
  if (queues.empty()) return "working on all queues";
  std::string names;
  for (const std::string& queue : queues) names += (names.empty() ? "" : ", ") + queue;
  return "working on queues " + names;
}

Exit run_worker(Session& session, const Invocation& invocation) {
  const Signals signals;  // before any other thread
  // A task carries what it is to do, so that a worker needs no definitions; but who names a
  // directory wants it to be there and right.
  const ConfigValue& given = session.config_load().values.at("definitions");
  if (given.origin == ConfigOrigin::flag) {
    if (const auto read = session.definitions(); !read) return fail(read.error());
  }
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  // Without it, what is scheduled or lost by another worker would wait for somebody's `up`.
  Rescuer rescuer((*store)->ledger(), session.rng().fork());
  ServiceLoop rescuing(rescuer, session.clock(), {.seed = session.rng().next()});
  IdleWatch idle({});
  const Status worked = work_until_done({.session = session,
                                         .store = **store,
                                         .stop = signals.token(),
                                         .idle = invocation.has("until-idle") ? &idle : nullptr,
                                         .greeting = greeting(session.config().queues)});
  if (!worked) return fail(worked.error());
  return 0;
}

}  // namespace

Command worker_command() {
  return {
      .path = "worker",
      .summary = "Run tasks, and take back those of dead workers",
      .examples = {"waybill worker", "waybill worker --queues intake,default --slots 8",
                   "waybill worker --until-idle"},
      .details =
          "Serves every queue, also those that appear later, unless --queues names some. "
          "SIGTERM takes no new task, waits --grace for those that run, and gives back "
          "the rest; a second one ends at once.",
      .options = {{"until-idle", "", "end when no task is left that can start within a minute"}},
      .settings = Command::Settings::listed,
      .run = run_worker};
}

}  // namespace waybill::cli
