#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/commands/worker_from.h"
#include "apps/waybill/commands/worker_server.h"
#include "apps/waybill/runtime/logins.h"
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
  if (invocation.has("from")) return run_worker_from(session, invocation);
  if (const Status unused = check_no_from_options(invocation); !unused) return fail(unused.error());
  if (invocation.has("server")) return run_worker_of_server(session, invocation);
  if (const Status unused = check_no_server_options(invocation); !unused) {
    return fail(unused.error());
  }
  const Signals signals;  // before any other thread
  session.end_after(signals.token());
  // A task carries what it is to do, so that a worker needs no definitions; but who names a
  // directory wants it to be there and right.
  const ConfigValue& given = session.config_load().values.at("definitions");
  if (given.origin == ConfigOrigin::flag) {
    if (const auto read = session.definitions(); !read) return fail(read.error());
  }
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  // Who has both asks, as `serve` and `up` do, before a task with a rule is run.
  Rules rules;
  if (!session.config().login.empty()) {
    const auto definitions = session.definitions();
    if (!definitions) return fail(definitions.error());
    auto made = make_rules(session, **store, always(**definitions));
    if (!made) return fail(made.error());
    rules = std::move(*made);
  }
  // The login file is read again when it changes, as `serve` does.
  std::optional<ServiceLoop> looking;
  if (rules.logins) {
    looking.emplace(*rules.logins, session.clock(),
                    ServiceLoopParams{.seed = session.rng().next()});
  }
  const auto broker = TaskBroker::open(session);
  if (!broker) return fail(broker.error());
  // Without it, what is scheduled or lost by another worker would wait for somebody's `up`.
  Rescuer rescuer((*store)->ledger(), session.rng().fork());
  ServiceLoop rescuing(rescuer, session.clock(), {.seed = session.rng().next()});
  IdleWatch idle({});
  const Status worked = work_until_done({.session = session,
                                         .store = **store,
                                         .stop = signals.token(),
                                         .idle = invocation.has("until-idle") ? &idle : nullptr,
                                         .greeting = greeting(session.config().queues),
                                         .rules = rules.desk.get(),
                                         .broker = broker->get()});
  if (!worked) return fail(worked.error());
  return 0;
}

}  // namespace

Command worker_command() {
  std::vector<Option> options = {
      {"until-idle", "", "end when no task is left that can start within a minute"}};
  for (const Option& option : worker_server_options()) options.push_back(option);
  for (const Option& option : worker_from_options()) options.push_back(option);
  return {
      .path = "worker",
      .summary = "Run tasks, and take back those of dead workers",
      .examples =
          {"waybill worker", "waybill worker --queues intake,default --slots 8",
           "waybill worker --until-idle", "waybill worker --queue amqp://rabbit:5672/waybill",
           "waybill worker --server http://ledger.internal:8470 --token-file /run/secrets/waybill",
           ("waybill worker --from gcp-pubsub --gcp-project-id prio --queue intake-batch "
            "--rejected-topic intake-batch-rejected -- ./intake.sh"),
           ("waybill worker --from aws-sqs --queue https://sqs.us-east-1.amazonaws.com/1/q "
            "-- ./intake.sh"),
           ("waybill worker --from amqp --amqp-url-file /run/secrets/rabbitmq --queue intake "
            "--concurrency 4 -- ./intake.sh")},
      .details =
          "Serves every queue, also those that appear later, unless --queues names some. "
          "SIGTERM takes no new task, waits --grace for those that run, and gives back "
          "the rest; a second one ends at once.\n\n"
          "With --queue a broker tells it which tasks to claim; without, or while the broker is "
          "away, "
          "it asks the ledger. docs/reference/amqp.md says more.\n\n"
          "With --server it needs no database: it asks `waybill serve` for tasks, and sends what "
          "becomes of them. The token, of the role worker, comes from --token-file or "
          "WAYBILL_TOKEN. "
          "Restarts of the server are waited out. docs/guides/write-a-worker.md says how to write "
          "one of your own.\n\n"
          "With --from it needs no ledger: it takes messages from a broker and runs COMMAND for "
          "each, the message on its standard input. Exit status 0 acks it; 75 or a signal gives it "
          "back; any other sends it to the rejected topic. SIGTERM finishes what is in hand; a "
          "second one stops that too and gives it back.",
      .options = std::move(options),
      .rest = "COMMAND...",
      .settings = Command::Settings::listed,
      .run = run_worker};
}

}  // namespace waybill::cli
