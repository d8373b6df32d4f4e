#include "rpc/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "http/api_document.h"
#include "ports/bell.h"
#include "rpc/reactor.h"

namespace waybill::rpc {
namespace {

/// What is left after all our own calls are answered: who reflects, and who watches our health.
constexpr std::int64_t kLastMomentMs = 200;
/// How often the health service hears of the ledger.
constexpr Duration kLook = std::chrono::milliseconds(500);
/// Reflection takes a thread for each of its streams, and nothing else does.
constexpr int kReflectionThreadsMax = 16;
/// How often the certificate's files are looked at.
constexpr unsigned kCertificateSeconds = 1;

void log_library(gpr_log_func_args* line) { log::debug("grpc_library", line->message); }

std::vector<std::string> service_names(const std::vector<Method>& methods) {
  std::vector<std::string> names;
  for (const Method& method : methods) {
    const std::string path = method.path();
    std::string name = path.substr(1, path.rfind('/') - 1);
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

std::shared_ptr<grpc::ServerCredentials> credentials_of(const ServerParams& params) {
  if (params.certificate_file.empty()) return grpc::InsecureServerCredentials();
  namespace tls = grpc::experimental;
  auto files = std::make_shared<tls::FileWatcherCertificateProvider>(
      params.key_file, params.certificate_file, kCertificateSeconds);
  tls::TlsServerCredentialsOptions options(std::move(files));
  options.watch_identity_key_cert_pairs();
  return tls::TlsServerCredentials(options);
}

}  // namespace

struct Server::Parts {
  class TranscodedService;
  Parts(const ServerParams& with, http::Application& serves, Clock& tells, std::vector<Method> has)
      : params(with),
        application(serves),
        clock(tells),
        methods(std::move(has)),
        desk(serves, tells, with.handler_threads, with.waiting_max) {}
  ~Parts();

  Status listen();
  void add_services(grpc::ServerBuilder& builder);
  Reactor* new_call(grpc::CallbackServerContext& context, const Method& method);
  bool enter(std::unique_ptr<Reactor> reactor);
  void leave(Reactor* reactor);
  void end_streams();
  void tell_health(bool serving);

  const ServerParams params;
  http::Application& application;
  Clock& clock;
  const std::vector<Method> methods;
  Bell one_less;  // call
  Mutex health_mutex;
  std::optional<bool> told_health GUARDED_BY(health_mutex);
  Mutex mutex;
  std::map<const Reactor*, std::unique_ptr<Reactor>> calls GUARDED_BY(mutex);
  Desk desk;
  std::vector<std::unique_ptr<TranscodedService>> services;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

/// The methods of one service of the proto file, found at run time: a new rpc needs no code here.
class Server::Parts::TranscodedService final : public grpc::Service {
 public:
  using NewReactor = std::function<Reactor*(grpc::CallbackServerContext&, const Method&)>;
  void add(const Method& method, const NewReactor& new_reactor) {
    using Handler = grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
    // gRPC keeps the name's address for as long as the service lives.
    const std::string& name = *names_.insert(method.path()).first;
    // Both are gRPC's from here on.
    auto added = std::make_unique<grpc::internal::RpcServiceMethod>(
        name.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr);
    auto handler = std::make_unique<Handler>(
        [new_reactor, &method](auto* context) { return new_reactor(*context, method); });
    AddMethod(added.release());
    MarkMethodRawCallback(count_++, handler.release());
  }

 private:
  std::set<std::string> names_;
  int count_ = 0;
};

Status Server::Parts::listen() {
  gpr_set_log_function(&log_library);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(params.message_bytes_max);
  builder.SetMaxSendMessageSize(-1);
  grpc::ResourceQuota quota("waybill");
  quota.Resize(params.memory_max).SetMaxThreads(kReflectionThreadsMax);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, params.calls_of_connection_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, params.metadata_bytes_max);
  // A second server on the same port is told so.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Who is silent for a minute is asked whether it is there; who asks us more often than every ten
  // seconds is sent away.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 600'000);
  const bool is_v6 = params.address.find(':') != std::string::npos;
  const std::string address =
      (is_v6 ? "[" + params.address + "]" : params.address) + ":" + std::to_string(params.port);
  builder.AddListeningPort(address, credentials_of(params), &port);
  add_services(builder);
  server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    server = nullptr;
    return fail(Code::unavailable, "listening on " + address +
                                       ": it is taken, or no address of this machine; choose "
                                       "another with --grpc-listen ADDRESS:PORT");
  }
  tell_health(false);
  return {};
}

void Server::Parts::add_services(grpc::ServerBuilder& builder) {
  std::string last;
  for (const Method& method : methods) {
    const std::string path = method.path();
    const std::string name = path.substr(0, path.rfind('/'));
    if (name != last) services.push_back(std::make_unique<TranscodedService>());
    last = name;
    services.back()->add(method, [this](grpc::CallbackServerContext& context, const Method& of) {
      return new_call(context, of);
    });
  }
  for (const auto& service : services) builder.RegisterService(service.get());
}

Reactor* Server::Parts::new_call(grpc::CallbackServerContext& context, const Method& method) {
  auto owned = std::make_unique<Reactor>(context, [this](Reactor* over) { leave(over); });
  Reactor* const reactor = owned.get();
  reactor->set_conversation(new_conversation(desk, method, caller_of(context), *reactor));
  const bool has_room = enter(std::move(owned));
  if (has_room && !desk.draining()) {
    reactor->begin();
  } else {
    reactor->finish(has_room ? about_to_end() : too_busy());
  }
  return reactor;
}

bool Server::Parts::enter(std::unique_ptr<Reactor> reactor) {
  const Lock lock(mutex);
  const Reactor* const key = reactor.get();
  calls.emplace(key, std::move(reactor));
  return calls.size() <= params.calls_max;
}

void Server::Parts::leave(Reactor* reactor) {
  {
    const Lock lock(mutex);
    calls.erase(reactor);
  }
  one_less.ring();
}

void Server::Parts::end_streams() {
  std::vector<std::shared_ptr<Conversation>> conversations;
  {
    const Lock lock(mutex);
    for (const auto& [call, owned] : calls) conversations.push_back(call->conversation());
  }
  for (const auto& conversation : conversations) conversation->drain();
}

void Server::Parts::tell_health(bool serving) {
  const Lock lock(health_mutex);
  // Nobody who drains serves again; and gRPC tells watchers also of what has not changed.
  const bool is_late = serving && desk.draining();
  if (is_late || told_health == serving) return;
  told_health = serving;
  auto* health = server->GetHealthCheckService();
  health->SetServingStatus("", serving);
  for (const std::string& name : service_names(methods)) health->SetServingStatus(name, serving);
}

Server::Parts::~Parts() {
  if (server == nullptr) return;
  desk.drain();
  end_streams();
  server->Shutdown(gpr_inf_past(GPR_CLOCK_MONOTONIC));
  server->Wait();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(const ServerParams& params,
                                               http::Application& application, Clock& clock) {
  // Else anybody writes a line into our log with each text that is not UTF-8.
  google::protobuf::SetLogHandler(nullptr);
  const auto document = http::ApiDocument::create(openapi_document());
  if (!document) return fail(document.error());
  auto methods = all_methods(*document);
  if (!methods) return fail(methods.error());
  auto parts = std::make_unique<Parts>(params, application, clock, std::move(*methods));
  if (Status listening = parts->listen(); !listening) return fail(listening.error());
  return std::make_unique<Server>(std::move(parts));
}

std::uint16_t Server::port() const { return static_cast<std::uint16_t>(parts_->port); }

void Server::ring(const std::string& topic) { parts_->desk.ring(topic); }
bool Server::pass_over() { return parts_->desk.pass_over(); }

void Server::drain(const Deadline& deadline) {
  parts_->desk.drain();
  parts_->tell_health(false);
  parts_->end_streams();
  for (;;) {
    const std::uint64_t seen = parts_->one_less.rung();
    {
      const Lock lock(parts_->mutex);
      if (parts_->calls.empty()) break;
    }
    if (parts_->one_less.wait(seen, deadline, parts_->clock) == Bell::Woken::in_vain) break;
  }
  parts_->server->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                        gpr_time_from_millis(kLastMomentMs, GPR_TIMESPAN)));
}

Result<Duration> Server::step(const Deadline&) {
  http::Response response;
  const http::Request ready{.method = "GET",
                            .path = "/readyz",
                            .segments = {"readyz"},
                            .body = {},
                            .draining = parts_->desk.draining()};
  parts_->application.answer_at_once(
      ready, [] { return http::ServerCounts{}; }, response);
  parts_->tell_health(response.status == 200);
  return kLook;
}

}  // namespace waybill::rpc
