#include "apps/waybill/commands/worker_server.h"

#include <boost/json.hpp>
#include <utility>

#include "adapters/aws/settings.h"
#include "adapters/curl/http_client.h"
#include "adapters/file/scratch_space.h"
#include "adapters/remote/artifacts.h"
#include "adapters/remote/host_turns.h"
#include "adapters/remote/ledger.h"
#include "adapters/remote/logs.h"
#include "adapters/remote/secrets.h"
#include "adapters/remote/work.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/archive_desk.h"
#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/worker_host.h"
#include "apps/waybill/runtime/working_place.h"
#include "apps/waybill/secret_key.h"
#include "apps/waybill/service_manager.h"
#include "apps/waybill/signals.h"
#include "decorators/retrying_http_client.h"

namespace waybill::cli {
namespace {

/// Well within a lease, so that beats are not late for it; the worker itself goes on asking.
constexpr HttpRetryOptions kRetries = {.attempts_max = 3,
                                       .backoff_first = std::chrono::milliseconds(100),
                                       .backoff_max = std::chrono::seconds(1),
                                       .total_max = std::chrono::seconds(5)};
Result<std::string> url_of(const Invocation& invocation) {
  std::string url = invocation.text("server");
  while (url.ends_with('/')) url.pop_back();
  if (url.find('@') != url.npos) {
    return fail(Code::invalid_argument,
                "--server: give the token by --token-file or WAYBILL_TOKEN, not in the URL");
  }
  if (url.starts_with("http://") || url.starts_with("https://")) return url;
  return fail(Code::invalid_argument,
              "--server: \"" + url + "\" is no URL; give e.g. http://127.0.0.1:8470");
}

Result<std::string> token_of(const Invocation& invocation, const Variables& environment) {
  if (!invocation.has("token-file")) return variable_in(environment, "WAYBILL_TOKEN");
  const std::string path = invocation.text("token-file");
  const auto refuse = [&path](std::string_view why) {
    return fail(Code::invalid_argument,
                "--token-file: " + std::string(why) +
                    "; where the ledger is, `waybill token create --name NAME --role worker > " +
                    path + "` makes one");
  };
  const auto text = aws::read_whole_file(path);
  if (!text) return refuse(text.error().message);
  const std::size_t end = text->find_last_not_of(" \t\r\n");
  if (end == text->npos) return refuse("file " + path + " is empty");
  return text->substr(0, end + 1);
}

Status check_no_other_options(const Config& config, const Invocation& invocation) {
  if (!config.queue.empty()) {
    return fail(Code::invalid_argument,
                "--queue is for a worker of the ledger itself; one of --server is told of tasks by "
                "the server");
  }
  if (invocation.has("until-idle")) {
    return fail(Code::invalid_argument,
                "--until-idle needs the ledger itself; a worker of --server goes on until SIGTERM");
  }
  if (invocation.rest.empty()) return {};
  return fail(Code::invalid_argument, "a command goes with --from; tasks say what they run");
}

/// All that speaks with the server.
struct RemotePorts {
  RemotePorts(HttpClient& client, Session& session, const WorkerOptions& options,
              const RemoteServerParams& params)
      : http(client, session.clock(), session.rng().fork(), kRetries),
        server(http, session.clock(), session.rng().fork(), params),
        ledger(server, held, session.clock(),
               {.name = options.name,
                .host = options.host,
                .process_id = options.process_id,
                .version = options.version,
                .slots = options.slots,
                .started_at = session.clock().now(),
                .lease = options.lease}),
        reader(server, held),
        logs(server, held, session.clock()),
        registry(server),
        host_turns(server, session.clock()),
        work(ledger, logs, bell, session.clock()) {}

  RetryingHttpClient http;
  RemoteServer server;
  HeldTasks held;
  Bell bell;
  RemoteLedger ledger;
  RemoteReader reader;
  RemoteLogs logs;
  RemoteRoll registry;
  RemoteHostTurns host_turns;
  RemoteWork work;
};

Exit work(Session& session, RemotePorts& ports, WorkerHost::Parts parts, std::stop_token stop) {
  WorkerHost host(session,
                  {.ledger = ports.work,
                   .reader = ports.reader,
                   .registry = ports.registry,
                   .logs = ports.logs,
                   .bell = &ports.bell},
                  std::move(parts));
  const std::string& url = ports.server.url();
  session.output().note("working for " + url + "; ctrl-c ends it");
  boost::json::array queues;
  for (const std::string& queue : session.config().queues) queues.emplace_back(queue);
  tell_event(session, "started",
             {{"server", url}, {"queues", std::move(queues)}, {"slots", session.config().slots}});
  tell_ready();
  std::stop_source done;
  const auto end = [&done] { done.request_stop(); };
  const std::stop_callback asked(stop, end);
  const std::stop_callback broken(host.broken(), end);
  session.clock().wait_until(kSteadyTimeMax, done.get_token());
  if (stop.stop_requested()) {
    session.output().note("letting what runs end, for at most " +
                          format_duration(session.config().grace) +
                          "; the same signal again ends at once");
    tell_event(session, "stopping", {{"grace", format_duration(session.config().grace)}});
  }
  tell_stopping();
  ports.work.stop_claiming();
  host.stop(session.config().grace);
  const auto failure = host.failure();
  tell_event(session, "stopped", {{"reason", failure ? "failure" : "signal"}});
  if (failure) return fail(with_context(*failure, "stopped working"));
  return 0;
}

}  // namespace

std::vector<Option> worker_server_options() {
  return {{"server", "URL", "work for `waybill serve` at this URL, without a database"},
          {"token-file", "FILE", "the token for --server; else WAYBILL_TOKEN counts"}};
}

Status check_no_server_options(const Invocation& invocation) {
  if (!invocation.has("token-file")) return {};
  return fail(Code::invalid_argument, "--token-file goes with --server; give its URL");
}

Exit run_worker_of_server(Session& session, const Invocation& invocation) {
  if (const Status none = check_no_other_options(session.config(), invocation); !none)
    return fail(none.error());
  const Variables environment = process_environment();
  auto url = url_of(invocation);
  if (!url) return fail(url.error());
  auto token = token_of(invocation, environment);
  if (!token) return fail(token.error());
  keep_memory_private();  // it will have the token, and the secrets of tasks
  const Signals signals;  // before any other thread
  WorkerOptions options = worker_options(session);
  if (const Status status = check_worker_options(options); !status) return fail(status.error());
  options.retry_every = std::chrono::seconds(1);
  options.inline_batch_max = options.inline_batch;  // a request takes no more than 1,000
  const auto place = WorkingPlace::open(session);
  if (!place) return fail(place.error());
  auto scratch = FileScratchSpace::open((*place)->directory() + "/scratch", options.name);
  if (!scratch) return fail(scratch.error());
  const auto client = CurlHttpClient::create(session.clock(), curl_params(environment));
  if (!client) return fail(client.error());
  RemotePorts ports(**client, session, options,
                    {.url = std::move(*url), .token = std::move(*token)});
  auto desk = open_archive_desk(session, (*place)->directory(), ports.host_turns);
  if (!desk) return fail(desk.error());
  auto kinds = Kinds::for_worker(session.config(), session.clock(), std::move(*desk));
  if (!kinds) return fail(kinds.error());
  auto secrets = std::make_unique<RemoteSecrets>(ports.server, ports.held, options.name);
  return work(session, ports,
              {.kinds = std::move(*kinds),
               .scratch = std::move(*scratch),
               .options = std::move(options),
               .secrets = std::move(secrets),
               .artifacts = std::make_unique<RemoteArtifacts>(ports.server, session.clock())},
              signals.token());
}

}  // namespace waybill::cli
