#include "apps/waybill/runtime/http_host.h"

#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/vault.h"

namespace waybill::cli {
HttpHost::HttpHost(Session& session, Store& store, const Definitions& definitions, Own own)
    : session_(session),
      kinds_(std::move(own.kinds)),
      rng_(session.rng().fork()),
      authenticator_(store.beside().tokens, session.clock()),
      secrets_(std::move(own.secrets)),
      feed_({.reader = store.reader(), .logs = store.logs(), .clock = session.clock()},
            [this](const LedgerEvent& event) { changed(event); }),
      metrics_(store.reader(), session.clock()),
      parts_{.ledger = parts_of(store),
             .logs = store.logs(),
             .clock = session.clock(),
             .definitions = definitions.tasks,
             .kinds = kinds_.names(),
             .check_task = [this](const TaskRequest& request) { return kinds_.check(request); },
             .new_id =
                 [this] {
                   const Lock lock(mutex_);
                   return ids_.next(session_.clock().now());
                 },
             .chance =
                 [this] {
                   const Lock lock(mutex_);
                   return rng_.unit();
                 },
             .feed = feed_,
             .first_answers = first_answers_,
             .secrets = secrets_.get()} {}

HttpHost::~HttpHost() {
  for (const auto& loop : loops_) loop->request_stop();
  for (const auto& loop : loops_) loop->stop();
}

Result<std::unique_ptr<HttpHost>> HttpHost::start(Session& session, Store& store,
                                                  const Definitions& definitions,
                                                  const HttpDoors& doors) {
  const auto address = parse_listen_address(session.config().listen);
  if (!address) return fail(with_context(address.error(), "--listen"));
  auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  auto secrets = open_vault(session, store);
  if (!secrets) return fail(secrets.error());
  auto host = std::make_unique<HttpHost>(session, store, definitions,
                                         Own{std::move(*kinds), std::move(*secrets)});
  if (Status listening = host->listen(*address, doors); !listening) return fail(listening.error());
  return host;
}

Status HttpHost::listen(const ListenAddress& address, const HttpDoors& doors) {
  const bool open = address.is_loopback || doors.insecure;
  if (!open && !authenticator_.any_tokens()) {
    return fail(Code::failed_precondition,
                "on " + address.address +
                    " others can reach it, and no token says who may: make one with `waybill token "
                    "create`, or listen on 127.0.0.1; --insecure lets everybody in");
  }
  gate_ = gate(address, doors);
  auto api = http::Api::create(parts_, metrics_, gate_);
  if (!api) return fail(api.error());
  api_ = std::move(*api);
  if (doors.task_mgmt) task_mgmt_ = std::make_unique<http::TaskMgmtDoors>(parts_, gate_, *api_);
  http::Application* application = api_.get();
  if (task_mgmt_) application = task_mgmt_.get();
  auto server = http::Server::create({.address = address.address, .port = address.port},
                                     *application, session_.clock());
  if (!server) return fail(server.error());
  server_ = std::move(*server);
  const bool is_v6 = address.address.find(':') != std::string::npos;
  url_ = "http://" + (is_v6 ? "[" + address.address + "]" : address.address) + ":" +
         std::to_string(server_->port());
  for (Service* service : std::initializer_list<Service*>{&feed_, &metrics_, &authenticator_}) {
    loops_.push_back(std::make_unique<ServiceLoop>(
        *service, session_.clock(), ServiceLoopParams{.seed = session_.rng().next()}));
  }
  return {};
}

http::ApiGate HttpHost::gate(const ListenAddress& address, const HttpDoors& doors) {
  http::ApiGate gate;
  gate.asks = [this, insecure = doors.insecure, is_loopback = address.is_loopback] {
    if (insecure) return false;
    return !is_loopback || authenticator_.any_tokens();
  };
  gate.authenticate = [this](std::string_view token) { return authenticator_.authenticate(token); };
  if (!address.is_loopback) gate.any_host = true;
  return gate;
}

void HttpHost::changed(const LedgerEvent& event) {
  if (event.entry.state == State::ready) server_->ring(event.queue);
}

void HttpHost::drain(Duration grace) {
  server_->drain({.at = session_.clock().steady_now() + grace});
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
  tell_event(session, "listening", {{"url", host.url()}, {"data", session.config().data}});
}

}  // namespace waybill::cli
