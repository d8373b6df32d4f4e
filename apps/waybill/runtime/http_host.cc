#include "apps/waybill/runtime/http_host.h"

#include <boost/json.hpp>
#include <utility>

#include "adapters/local/system_random.h"
#include "apps/waybill/runtime/artifact_place.h"
#include "apps/waybill/runtime/disk_space.h"
#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/file_limit.h"
#include "apps/waybill/runtime/provenance.h"
#include "apps/waybill/runtime/vault.h"
#include "base/log.h"

namespace waybill::cli {
namespace {

void warn_unencrypted(const ListenAddress& address) {
  if (address.is_loopback) return;
  log::warn("unencrypted",
            "tokens and tasks cross the network in the clear; give --tls-certificate-file and "
            "--tls-key-file, or let a proxy that speaks TLS alone reach this address",
            {{"address", address.address}});
}

}  // namespace

HttpHost::HttpHost(Session& session, Store& store, const DefinitionFollower& definitions,
                   Parts parts)
    : session_(session),
      kinds_(std::move(parts.kinds)),
      rules_(std::move(parts.rules)),
      rng_(session.rng().fork()),
      authenticator_(store.beside().tokens, session.clock()),
      limits_(session.clock(), {.per_second = session.config().rate_limit}),
      wrong_tokens_(session.clock()),
      queue_allowance_(session.clock()),
      secrets_(std::move(parts.secrets)),
      webhooks_(std::move(parts.webhooks)),
      redis_(std::move(parts.redis)),
      rabbit_(std::move(parts.rabbit)),
      spool_(uploads_directory(session.config()), session.clock()),
      artifacts_(store.contents(), store.beside().artifacts, spool_, session.clock()),
      runs_({.store = store.beside().runs,
             .definitions = definitions.current(),
             .clock = session.clock()}),
      tokens_(store.beside().tokens,
              [this](TokenDesk::Did, const TokenRecord&) { authenticator_.look_again(); }),
      sessions_(store.beside().people,
                [this] {
                  return rules_.logins ? std::optional(rules_.logins->desk().settings())
                                       : std::nullopt;
                }),
      provenance_(make_provenance_desk(session, store)),
      dry_runs_(kinds_, session.clock()),
      first_answers_(64u << 20, &store.beside().answers),
      feed_(
          {.reader = store.reader(), .logs = store.logs(), .clock = session.clock()},
          [this](const LedgerEvent& event) { changed(event); }, [this] { return nobody_waits(); }),
      metrics_(store.reader(), store.registry(), session.clock()),
      process_(session.config().data),
      audit_(store.beside().audit, session.clock()),
      parts_{.ledger = parts_of(store),
             .logs = store.logs(),
             .clock = session.clock(),
             .definitions = definitions.current(),
             .kinds = kinds_.spec_schemas(),
             .check_task = [this](const TaskRequest& request) { return kinds_.check(request); },
             .new_id = [this] { return new_id(); },
             .chance =
                 [this] {
                   const Lock lock(mutex_);
                   return rng_.unit();
                 },
             .feed = feed_,
             .first_answers = first_answers_,
             .logins = rules_.logins ? &rules_.logins->desk() : nullptr,
             .rules = rules_.desk.get(),
             .audit = &audit_,
             .secrets = secrets_.get(),
             .webhooks = &webhooks_->desk(),
             .artifacts = &artifacts_,
             .runs = &runs_,
             .tokens = &tokens_,
             .sessions = &sessions_,
             .random_bytes = system_random_bytes,
             .provenance = &provenance_,
             .collections = &store.beside().collections,
             .chronicle = &store.beside().chronicle,
             .host_turns = &store.beside().host_turns,
             .plan_scan = [this](const ScanDefinition& scan,
                                 const Definitions& all) { return dry_runs_.plan(scan, all); },
             .disk_use = [&session, &store] { return read_disk_use(session.config(), store); },
             .queue_allowance = &queue_allowance_} {
  metrics_.also([this](auto& samples) { webhooks_->tell_counts(samples); });
  metrics_.also([&definitions](auto& samples) { definitions.add_metrics(samples); });
}

HttpHost::~HttpHost() {
  for (const auto& loop : loops_) loop->request_stop();
  if (rabbit_) rabbit_->leave();
  for (const auto& loop : loops_) loop->stop();
  for (const auto& sender : webhooks_->senders()) sender->release();
  if (redis_) redis_->leave();
}

Result<std::unique_ptr<HttpHost>> HttpHost::start(Session& session, Store& store,
                                                  const DefinitionFollower& definitions,
                                                  const HttpDoors& doors) {
  const auto address = parse_listen_address(session.config().listen);
  if (!address) return fail(with_context(address.error(), "--listen"));
  auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  if (doors.insecure && !session.config().login.empty()) {
    return fail(Code::invalid_argument,
                "--insecure: it lets everybody in, and --login only those who may; give one");
  }
  auto rules = make_rules(session, store, definitions.current());
  if (!rules) return fail(rules.error());
  auto secrets = open_vault(session, store);
  if (!secrets) return fail(secrets.error());
  auto webhooks = Webhooks::create(session, store, **secrets);
  if (!webhooks) return fail(webhooks.error());
  auto redis = open_redis_progress(session, store, doors.task_mgmt);
  if (!redis) return fail(redis.error());
  auto rabbit = open_rabbit_watch(session, *definitions.now());
  if (!rabbit) return fail(rabbit.error());
  auto host = std::make_unique<HttpHost>(
      session, store, definitions,
      Parts{std::move(*kinds), std::move(*rules), std::move(*secrets), std::move(*webhooks),
            std::move(*redis), std::move(*rabbit)});
  if (Status listening = host->listen(*address, doors); !listening) return fail(listening.error());
  return host;
}

Status HttpHost::may_listen(const ListenAddress& address, const HttpDoors& doors) {
  const bool open = address.is_loopback || doors.insecure || rules_.logins != nullptr;
  if (open) return {};
  const auto any_tokens = authenticator_.any_tokens();
  if (!any_tokens) return fail(any_tokens.error());
  if (*any_tokens) return {};
  return fail(Code::failed_precondition,
              "on " + address.address +
                  " others can reach it, and no token says who may: make one with `waybill token "
                  "create`, say who may log in with --login, or listen on 127.0.0.1; --insecure "
                  "lets everybody in");
}

Status HttpHost::listen(const ListenAddress& address, const HttpDoors& doors) {
  if (Status may = may_listen(address, doors); !may) return may;
  metrics_.also([this](auto& samples) { process_.add(samples); });
  metrics_.also([this](auto& samples) { http::add_sent_away(limits_, wrong_tokens_, samples); });
  gate_ = gate(address, doors);
  // There a GET changes things, which a session's cookie may not do.
  gate_of_programs_ = gate_;
  gate_of_programs_.logins = nullptr;
  if (redis_) metrics_.also([this](auto& samples) { redis_->add_metrics(samples); });
  if (rabbit_) metrics_.also([this](auto& samples) { rabbit_->add_metrics(samples); });
  auto api = http::Api::create(parts_, metrics_, gate_);
  if (!api) return fail(api.error());
  api_ = std::move(*api);
  if (doors.task_mgmt)
    task_mgmt_ = std::make_unique<http::TaskMgmtDoors>(parts_, gate_of_programs_, *api_);
  http::Application* application = api_.get();
  if (task_mgmt_) application = task_mgmt_.get();
  if (Status opened = open_server(address, *application); !opened) return opened;
  for (Service* service : std::initializer_list<Service*>{&metrics_, &process_, &authenticator_,
                                                          &audit_, &api_->streams()}) {
    run(*service);
  }
  for (const auto& sender : webhooks_->senders()) run(*sender, kWebhookAnswerMax * 3 / 2);
  if (redis_) run(redis_->service());
  if (rabbit_) run(*rabbit_, kRabbitAnswerMax * 3 / 2);
  if (rules_.logins) run(*rules_.logins);
  if (Status opened = listen_grpc(doors); !opened) return opened;
  run(feed_);  // last: it rings both servers
  return {};
}

Status HttpHost::open_server(const ListenAddress& address, http::Application& application) {
  const Config& config = session_.config();
  if (config.tls_certificate_file.empty() != config.tls_key_file.empty()) {
    return fail(Code::invalid_argument,
                "--tls-certificate-file and --tls-key-file belong together: give both");
  }
  if (!config.tls_key_file.empty()) {
    auto files = http::TlsFiles::create(
        {.certificate = config.tls_certificate_file, .key = config.tls_key_file});
    if (!files) return fail(with_context(files.error(), "the certificate of --listen"));
    tls_ = std::move(*files);
  } else {
    warn_unencrypted(address);
  }
  http::ServerParams params{.address = address.address, .port = address.port, .tls = tls_.get()};
  params.connections_max = connections_within_files(params.connections_max);
  auto server = http::Server::create(params, application, session_.clock());
  if (!server) return fail(server.error());
  server_ = std::move(*server);
  const bool is_v6 = address.address.find(':') != std::string::npos;
  url_ = (tls_ ? "https://" : "http://") + (is_v6 ? "[" + address.address + "]" : address.address) +
         ":" + std::to_string(server_->port());
  run(server_->connections());
  if (tls_) run(*tls_);
  return {};
}

Status HttpHost::listen_grpc(const HttpDoors& doors) {
  if (session_.config().grpc_listen.empty()) return {};
  const auto address = parse_listen_address(session_.config().grpc_listen);
  if (!address) return fail(with_context(address.error(), "--grpc-listen"));
  if (Status may = may_listen(*address, doors); !may) return may;
  auto api = http::Api::create(parts_, metrics_, gate(*address, doors));
  if (!api) return fail(api.error());
  grpc_api_ = std::move(*api);
  const Config& config = session_.config();
  if (!tls_) warn_unencrypted(*address);
  auto server = rpc::Server::create({.address = address->address,
                                     .port = address->port,
                                     .certificate_file = config.tls_certificate_file,
                                     .key_file = config.tls_key_file},
                                    *grpc_api_, session_.clock());
  if (!server) return fail(server.error());
  grpc_server_ = std::move(*server);
  const bool is_v6 = address->address.find(':') != std::string::npos;
  grpc_ = (is_v6 ? "[" + address->address + "]" : address->address) + ":" +
          std::to_string(grpc_server_->port());
  run(*grpc_server_);
  run(grpc_api_->streams());
  return {};
}

Uuid HttpHost::new_id() {
  const Lock lock(mutex_);
  return ids_.next(session_.clock().now());
}

void HttpHost::run(Service& service, Duration step_max) {
  loops_.push_back(std::make_unique<ServiceLoop>(
      service, session_.clock(),
      ServiceLoopParams{.step_max = step_max, .seed = session_.rng().next()}));
}

http::ApiGate HttpHost::gate(const ListenAddress& address, const HttpDoors& doors) {
  http::ApiGate gate;
  gate.asks = [this, insecure = doors.insecure,
               is_loopback = address.is_loopback]() -> Result<bool> {
    if (insecure) return false;
    if (!is_loopback || rules_.logins != nullptr) return true;
    return authenticator_.any_tokens();
  };
  gate.authenticate = [this](std::string_view token) { return authenticator_.authenticate(token); };
  if (rules_.logins) gate.logins = &rules_.logins->desk();
  if (!address.is_loopback) gate.any_host = true;
  gate.limits = &limits_;
  gate.wrong_tokens = &wrong_tokens_;
  return gate;
}

bool HttpHost::nobody_waits() {
  return server_->pass_over() && (!grpc_server_ || grpc_server_->pass_over());
}

void HttpHost::changed(const LedgerEvent& event) {
  if (event.entry.state != State::ready) return;
  server_->ring(event.queue);
  if (grpc_server_) grpc_server_->ring(event.queue);
}

void HttpHost::drain(Duration grace) {
  dry_runs_.stop();
  const Deadline deadline{.at = session_.clock().steady_now() + grace};
  if (grpc_server_) grpc_server_->drain(deadline);
  server_->drain(deadline);
}

std::vector<Option> http_options() {
  return {{"insecure", "", "let everybody who reaches the address do everything"},
          {"compat", "NAME", "serve a predecessor's addresses too: task-mgmt"}};
}

Result<HttpDoors> doors_of(const Invocation& invocation) {
  const std::string compat = invocation.text("compat");
  if (!compat.empty() && compat != "task-mgmt") {
    return fail(Code::invalid_argument,
                "--compat: \"" + compat + "\" is none of those that it knows: task-mgmt");
  }
  return HttpDoors{.insecure = invocation.has("insecure"), .task_mgmt = !compat.empty()};
}

void tell_listening(Session& session, const HttpHost& host) {
  session.output().note("listening on " + host.url() + "; ctrl-c ends it");
  if (host.grpc().empty()) {
    tell_event(session, "listening", {{"url", host.url()}, {"data", session.config().data}});
    return;
  }
  session.output().note("and for gRPC on " + host.grpc());
  tell_event(session, "listening",
             {{"url", host.url()}, {"data", session.config().data}, {"grpc", host.grpc()}});
}

}  // namespace waybill::cli
