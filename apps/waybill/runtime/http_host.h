#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/file/upload_spool.h"
#include "apps/waybill/cli/command.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/runtime/definition_follower.h"
#include "apps/waybill/runtime/dry_runs.h"
#include "apps/waybill/runtime/logins.h"
#include "apps/waybill/runtime/process_metrics.h"
#include "apps/waybill/runtime/rabbit_watch.h"
#include "apps/waybill/runtime/redis_progress.h"
#include "apps/waybill/runtime/webhooks.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "core/listen_address.h"
#include "http/api/api.h"
#include "http/compat/task_mgmt.h"
#include "http/server.h"
#include "http/tls_files.h"
#include "rpc/server.h"
#include "services/artifact_desk.h"
#include "services/audit_writer.h"
#include "services/authenticator.h"
#include "services/provenance_desk.h"
#include "services/queue_allowance.h"
#include "services/run_desk.h"
#include "services/secret_vault.h"
#include "services/service_loop.h"
#include "services/session_desk.h"
#include "services/token_desk.h"

namespace waybill::cli {

/// How a server lets people in.
struct HttpDoors {
  /// Everybody may do everything; else a token is asked for, but on loopback as long as nobody has
  /// made one and nobody logs in.
  bool insecure = false;
  bool task_mgmt = false;  ///< the predecessor's addresses are served too
};

/// The HTTP API of this process with all that it needs, from start to destruction.
class HttpHost {
 public:
  /// Listens where the session's settings say. Session, store and definitions outlive it.
  /// `failed_precondition` if everybody who reaches the address could do everything, and nobody has
  /// said that this is wanted.
  static Result<std::unique_ptr<HttpHost>> start(Session& session, Store& store,
                                                 const DefinitionFollower& definitions,
                                                 const HttpDoors& doors);
  struct Parts {
    Kinds kinds;
    Rules rules;
    std::unique_ptr<SecretVault> secrets;
    std::unique_ptr<Webhooks> webhooks;
    std::unique_ptr<RedisProgress> redis;  ///< null: nobody is told there
    std::unique_ptr<RabbitWatch> rabbit;   ///< null: nothing goes by way of it
  };
  HttpHost(Session& session, Store& store, const DefinitionFollower& definitions, Parts parts);
  ~HttpHost();
  HttpHost(const HttpHost&) = delete;
  HttpHost& operator=(const HttpHost&) = delete;

  /// "http://127.0.0.1:8470"
  const std::string& url() const { return url_; }
  /// "127.0.0.1:8471"; empty: it does not speak gRPC.
  const std::string& grpc() const { return grpc_; }
  /// The rules of its definitions; null: there are none.
  RuleDesk* rules() const { return rules_.desk.get(); }
  /// Takes no new request, and blocks until those that have come are answered, or `grace`.
  void drain(Duration grace);

 private:
  Status listen(const ListenAddress& address, const HttpDoors& doors);
  Status may_listen(const ListenAddress& address, const HttpDoors& doors);
  Status listen_grpc(const HttpDoors& doors);
  /// With the certificate that the settings name, if they do.
  Status open_server(const ListenAddress& address, http::Application& application);
  void run(Service& service, Duration step_max = ServiceLoopParams{}.step_max);
  http::ApiGate gate(const ListenAddress& address, const HttpDoors& doors);
  Uuid new_id();
  void changed(const LedgerEvent& event);
  bool nobody_waits();

  Session& session_;
  const Kinds kinds_;
  const Rules rules_;
  Mutex mutex_;
  Rng rng_ GUARDED_BY(mutex_);
  UuidMaker ids_ GUARDED_BY(mutex_){rng_};
  Authenticator authenticator_;
  RateLimiter limits_;
  WrongTokens wrong_tokens_;
  QueueAllowance queue_allowance_;
  const std::unique_ptr<SecretVault> secrets_;
  const std::unique_ptr<Webhooks> webhooks_;
  const std::unique_ptr<RedisProgress> redis_;
  const std::unique_ptr<RabbitWatch> rabbit_;
  FileUploadSpool spool_;
  ArtifactDesk artifacts_;
  RunDesk runs_;
  TokenDesk tokens_;
  SessionDesk sessions_;
  const ProvenanceDesk provenance_;
  DryRuns dry_runs_;
  http::FirstAnswers first_answers_;
  http::EventFeed feed_;
  http::ApiMetrics metrics_;
  ProcessMetrics process_;
  AuditWriter audit_;
  const http::ApiParts parts_;
  http::ApiGate gate_;
  http::ApiGate gate_of_programs_;  // of --compat
  std::unique_ptr<http::Api> api_;
  std::unique_ptr<http::TaskMgmtDoors> task_mgmt_;
  std::unique_ptr<http::TlsFiles> tls_;
  std::unique_ptr<http::Server> server_;
  std::string url_;
  std::unique_ptr<http::Api> grpc_api_;  // with a gate for its own address
  std::unique_ptr<rpc::Server> grpc_server_;
  std::string grpc_;
  std::vector<std::unique_ptr<ServiceLoop>> loops_;  // after the server, which the feed rings
};

/// The options of commands that listen.
std::vector<Option> http_options();
Result<HttpDoors> doors_of(const Invocation& invocation);

/// Says where it listens, for people and programs.
void tell_listening(Session& session, const HttpHost& host);

}  // namespace waybill::cli
