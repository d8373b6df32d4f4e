#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/runtime/broker_work.h"
#include "apps/waybill/runtime/definition_follower.h"
#include "apps/waybill/runtime/errands.h"
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
  // Before the store is made: who wrote a definition wrong finds no ledger.
  if (session.config().definitions_from.empty()) {
    if (const auto read = session.definitions(); !read) return fail(read.error());
  }
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  const auto followed = DefinitionFollower::begin(
      session, **store, DefinitionFollower::FirstAsked::after, signals.token());
  if (!followed) return fail(followed.error());
  DefinitionFollower& follower = **followed;
  const auto doors = doors_of(invocation);
  if (!doors) return fail(doors.error());
  auto http = open_guarded_http(session);
  if (!http) return fail(http.error());
  const auto definitions = follower.now();
  const auto brokers = BrokerWork::open(session, **store, *definitions);
  if (!brokers) return fail(brokers.error());
  const auto host = HttpHost::start(session, **store, follower, *doors);
  if (!host) return fail(host.error());
  const Upkeep upkeep(session, **store, std::move(http->client));
  follower.start();
  const auto errands = start_errands(session, **store, follower.current(), (*host)->rules());
  if (!errands) return fail(errands.error());
  (*brokers)->begin();
  tell_listening(session, **host);
  tell_ready();
  std::stop_source done;
  const auto end = [&done] { done.request_stop(); };
  const std::stop_callback asked(signals.token(), end);
  const std::stop_callback broken((*errands)->broken(), end);
  session.clock().wait_until(kSteadyTimeMax, done.get_token());
  tell_stopping();
  session.output().note("answering what has come, for at most " +
                        format_duration(session.config().grace) +
                        "; the same signal again ends at once");
  stop_errands(**errands, session.config().grace);
  (*host)->drain(session.config().grace);
  const auto failure = (*errands)->failure();
  tell_event(session, "stopped", {{"reason", failure ? "failure" : "signal"}});
  if (failure) return fail(with_context(*failure, "stopped working"));
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
              "Runs no task itself but notifications and starts of runs: workers do, over the API "
              "or on the same --data. On 127.0.0.1 "
              "everybody of this machine may do everything until `waybill token create` has made a "
              "token; from then on, and on any other address, each request needs one. "
              "docs/reference/api.md lists the requests. SIGTERM answers what has come within "
              "--grace, and ends.",
          .options = http_options(),
          .settings = Command::Settings::listed,
          .run = serve};
}

}  // namespace waybill::cli
