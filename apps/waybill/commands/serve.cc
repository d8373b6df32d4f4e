#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/runtime/broker_work.h"
#include "apps/waybill/runtime/definitions_apply.h"
#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/http_host.h"
#include "apps/waybill/runtime/upkeep.h"
#include "apps/waybill/service_manager.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"

namespace waybill::cli {
namespace {

Exit serve(Session& session, const Invocation& invocation) {
  const Signals signals;  // before any other thread
  session.end_after(signals.token());
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  const Status applied = apply_definitions(**definitions, session.config().definitions,
                                           (*store)->registry(), (*store)->ledger().now());
  if (!applied) return fail(applied.error());
  const auto doors = doors_of(invocation);
  if (!doors) return fail(doors.error());
  auto http = open_guarded_http(session);
  if (!http) return fail(http.error());
  const auto brokers = BrokerWork::open(session, **store, **definitions);
  if (!brokers) return fail(brokers.error());
  const auto host = HttpHost::start(session, **store, **definitions, *doors);
  if (!host) return fail(host.error());
  const Upkeep upkeep(session, **store, std::move(http->client));
  (*brokers)->begin();
  tell_listening(session, **host);
  tell_ready();
  session.clock().wait_until(kSteadyTimeMax, signals.token());
  tell_stopping();
  session.output().note("answering what has come, for at most " +
                        format_duration(session.config().grace) +
                        "; the same signal again ends at once");
  (*host)->drain(session.config().grace);
  tell_event(session, "stopped", {{"reason", "signal"}});
  return 0;
}

}  // namespace

Command serve_command() {
  return {.path = "serve",
          .summary = "Give the ledger to the network: the HTTP API, schedules and the tidying",
          .examples = {"waybill serve", "waybill serve --definitions ./definitions",
                       "waybill serve --listen 0.0.0.0:8470 --tls-certificate-file tls.crt "
                       "--tls-key-file tls.key",
                       "waybill serve --definitions ./definitions --compat task-mgmt"},
          .details =
              "Runs no task itself: workers do, over the API or on the same --data. On 127.0.0.1 "
              "everybody of this machine may do everything until `waybill token create` has made a "
              "token; from then on, and on any other address, each request needs one. "
              "docs/reference/api.md lists the requests. SIGTERM answers what has come within "
              "--grace, and ends.",
          .options = http_options(),
          .settings = Command::Settings::listed,
          .run = serve};
}

}  // namespace waybill::cli
