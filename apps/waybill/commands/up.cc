#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/runtime/broker_work.h"
#include "apps/waybill/runtime/buckets.h"
#include "apps/waybill/runtime/definition_follower.h"
#include "apps/waybill/runtime/errands.h"
#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/http_host.h"
#include "apps/waybill/runtime/idle.h"
#include "apps/waybill/runtime/redis_progress.h"
#include "apps/waybill/runtime/scan_keeping.h"
#include "apps/waybill/runtime/upkeep.h"
#include "apps/waybill/runtime/work_loop.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"
#include "services/scanner.h"
#include "services/service_loop.h"

namespace waybill::cli {
namespace {

/// With --until-idle nobody wants to wait for a scan's next turn.
constexpr Duration kHurriedScan = std::chrono::seconds(1);

/// How long the scanner may not see that definitions are others.
constexpr Duration kLookEvery = std::chrono::seconds(2);

std::vector<std::string> names_of(const std::map<std::string, ScanDefinition>& scans) {
  std::vector<std::string> names;
  for (const auto& [name, scan] : scans) names.push_back(name);
  return names;
}

/// Every service of one process. Parts stop in the reverse order of their making: first the worker,
/// last the rescuer.
class House {
 public:
  struct Terms {
    CurrentDefinitions definitions;
    IdleWatch& idle;
    bool hurried = false;
    std::stop_token stop{};  ///< of requests to buckets that wait
  };
  House(Session& session, Store& store, Kinds kinds, std::unique_ptr<HttpClient> http,
        const Terms& terms)
      : kinds_(std::move(kinds)),
        upkeep_(session, store, std::move(http)),
        scanner_(scan_ports(session, store, terms.stop), scanner_params(session, store, terms)),
        scanning_(scanner_, session.clock(), ServiceLoopParams{.seed = session.rng().next()}) {}

  RunsAtRest runs_at_rest() const { return upkeep_.runs().at_rest(); }

 private:
  ScanPorts scan_ports(Session& session, Store& store, const std::stop_token& stop) {
    return {.ledger = store.ledger(),
            .clock = session.clock(),
            .open_bucket = bucket_opener(session.clock(), stop),
            .check_task = [this](const TaskRequest& request) { return kinds_.check(request); },
            .dedup_keys = &store.dedup_keys()};
  }

  static ScannerParams scanner_params(Session& session, Store& store, const Terms& terms) {
    ScannerParams params{.definitions = terms.definitions};
    if (!session.config().definitions_from.empty()) params.look_every = kLookEvery;
    params.observer = [&session, &store, &idle = terms.idle](const std::string& scan,
                                                             const Result<ScanReport>& report) {
      keep_scan(store, scan, report);
      tell_scan(session, report);
      idle.saw(report);
    };
    if (terms.hurried) params.every_max = kHurriedScan;
    return params;
  }

  const Kinds kinds_;
  Upkeep upkeep_;
  Scanner scanner_;
  ServiceLoop scanning_;
};

/// What belongs to an address of HTTP is not given without one.
Status no_door_alone(const Session& session, const Invocation& invocation) {
  const ConfigValue& listen = session.config_load().values.at("listen");
  if (listen.origin != ConfigOrigin::fallback) return {};
  if (Status alone = no_redis_alone(session.config()); !alone) return alone;
  std::string alone = session.config().grpc_listen.empty() ? "" : "grpc-listen";
  for (const Option& option : http_options()) {
    if (invocation.has(option.name)) alone = option.name;
  }
  if (alone.empty()) return {};
  return fail(Code::invalid_argument,
              "--" + alone + ": `up` listens only with --listen ADDRESS:PORT");
}

Exit run_all(Session& session, Store& store, DefinitionFollower& follower,
             const Invocation& invocation, const Signals& signals) {
  const auto definitions = follower.now();
  const bool until_idle = invocation.has("until-idle");
  auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  IdleWatch idle(names_of(definitions->scans));
  const ConfigValue& listen = session.config_load().values.at("listen");
  std::unique_ptr<HttpHost> host;
  if (Status may = no_door_alone(session, invocation); !may) return fail(may.error());
  if (listen.origin != ConfigOrigin::fallback) {
    const auto doors = doors_of(invocation);
    if (!doors) return fail(doors.error());
    auto started = HttpHost::start(session, store, follower, *doors);
    if (!started) return fail(started.error());
    host = std::move(*started);
  }
  Rules own;  // where nothing listens
  if (!host) {
    auto made = make_rules(session, store, follower.current());
    if (!made) return fail(made.error());
    own = std::move(*made);
  }
  std::optional<ServiceLoop> looking;  // at the login file
  if (own.logins) {
    looking.emplace(*own.logins, session.clock(), ServiceLoopParams{.seed = session.rng().next()});
  }
  std::optional<House> house;
  const auto scans = static_cast<std::int64_t>(definitions->scans.size());
  const auto schedules = static_cast<std::int64_t>(definitions->schedules.size());
  auto http = open_guarded_http(session);
  if (!http) return fail(http.error());
  RuleDesk* const rules = host ? host->rules() : own.desk.get();
  const auto errands = start_errands(session, store, follower.current(), rules);
  if (!errands) return fail(errands.error());
  const auto brokers = BrokerWork::open(session, store, *definitions);
  if (!brokers) return fail(brokers.error());
  const Status worked = work_until_done(
      {.session = session,
       .store = store,
       .stop = signals.token(),
       .idle = until_idle ? &idle : nullptr,
       .greeting = "waybill is up on " + session.config().data + " with " + counted(scans, "scan") +
                   " and " + counted(schedules, "schedule"),
       .scans = scans,
       .schedules = schedules,
       .rules = rules,
       .other_kinds = (*errands)->kinds(),
       .broker = (*brokers)->tasks(),
       .runs_at_rest = [&] { return house->runs_at_rest(); },
       .begin =
           [&] {
             follower.start();
             if (host) tell_listening(session, *host);
             house.emplace(session, store, std::move(*kinds), std::move(http->client),
                           House::Terms{follower.current(), idle, until_idle, signals.token()});
             (*brokers)->begin();
           }});
  stop_errands(**errands, session.config().grace);
  if (host) host->drain(session.config().grace);
  if (!worked) return fail(worked.error());
  return 0;
}

Exit up(Session& session, const Invocation& invocation) {
  const Signals signals;  // before any other thread
  session.end_after(signals.token());
  // Before the store is made: who wrote a definition wrong finds no ledger.
  if (session.config().definitions_from.empty()) {
    if (const auto read = session.definitions(); !read) return fail(read.error());
  }
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  using FirstAsked = DefinitionFollower::FirstAsked;
  const auto asked = invocation.has("until-idle") ? FirstAsked::before : FirstAsked::after;
  const auto followed = DefinitionFollower::begin(session, **store, asked, signals.token());
  if (!followed) return fail(followed.error());
  return run_all(session, **store, **followed, invocation, signals);
}

}  // namespace

Command up_command() {
  std::vector<Option> options = {
      {"until-idle", "", "end when no scan finds anything and no task can start within a minute"}};
  for (const Option& option : http_options()) options.push_back(option);
  return {
      .path = "up",
      .summary = "Run everything in one process: scans, schedules, a worker, and the tidying",
      .examples = {"waybill up", "waybill up --definitions ./definitions --data /var/lib/waybill",
                   "waybill up --definitions ./definitions --until-idle",
                   "waybill up --listen 127.0.0.1:8470",
                   "waybill up --queue amqp://127.0.0.1:5672/%2f"},
      .details =
          "With --listen it serves the HTTP API too, as `waybill serve` does. SIGTERM takes no new "
          "task, waits --grace for those that run, and gives back the rest; a second one ends at "
          "once.",
      .options = std::move(options),
      .settings = Command::Settings::listed,
      .run = up};
}

}  // namespace waybill::cli
