#include "apps/waybill/runtime/errands.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "adapters/curl/http_client.h"
#include "adapters/curl/mail_sender.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/runs.h"
#include "kinds/notify/mail.h"
#include "kinds/notify/webhook.h"
#include "kinds/pipeline/start.h"
#include "services/run_desk.h"

namespace waybill::cli {
namespace {

/// Done at a time.
constexpr std::size_t kErrandSlots = 4;
constexpr Duration kStopMax = std::chrono::seconds(5);

Result<std::string> password_for(const Config& config, TaskContext& context) {
  if (config.mail_password_file.empty()) return context.secret(config.mail_password_secret);
  return read_mail_password(config);
}

Result<MailDesk> open_mail_desk(Session& session) {
  const Config& config = session.config();
  MailDesk desk;
  if (config.mail_url.empty()) return desk;
  const CurlHttpClientParams trust = curl_params(process_environment());
  auto sender = CurlMailSender::create(
      session.clock(), {.url = config.mail_url,
                        .tls = config.mail_tls == "none" ? MailTls::none : MailTls::required,
                        .ca_files = trust.ca_files,
                        .ca_directories = trust.ca_directories});
  if (!sender) return fail(sender.error());
  desk.sender = std::move(*sender);
  desk.from = config.mail_from;
  desk.username = config.mail_username;
  desk.password = [&config](TaskContext& context) { return password_for(config, context); };
  return desk;
}

PipelineStartKind::Starter run_starter(Session& session, Store& store,
                                       CurrentDefinitions definitions) {
  return [&session, &store,
          definitions = std::move(definitions)](const PipelineStartKind::Start& start) -> Status {
    RunDesk desk(
        {.store = store.beside().runs, .definitions = definitions, .clock = session.clock()});
    const auto run = desk.start({.id = start.run,
                                 .pipeline = start.spec.pipeline,
                                 .params = start.params,
                                 .priority = start.spec.priority,
                                 .created_by = start.created_by,
                                 .notify = start.spec.notify});
    return run ? Status() : Status(fail(run.error()));
  };
}

}  // namespace

Result<std::string> read_mail_password(const Config& config) {
  if (config.mail_password_file.empty()) return std::string();
  std::ifstream file(config.mail_password_file);
  std::string password(std::istreambuf_iterator<char>(file), {});
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  if (file && !password.empty()) return password;
  return fail(Code::failed_precondition, "mail_password_file " + config.mail_password_file +
                                             " cannot be read, or holds no password");
}

Result<std::unique_ptr<WorkerHost>> start_errands(Session& session, Store& store,
                                                  CurrentDefinitions definitions, RuleDesk* rules) {
  auto desk = open_mail_desk(session);
  if (!desk) return fail(desk.error());
  auto http = open_guarded_http(session);
  if (!http) return fail(http.error());
  std::vector<std::unique_ptr<TaskKind>> kinds;
  kinds.push_back(std::make_unique<MailKind>(std::move(*desk), session.clock()));
  kinds.push_back(std::make_unique<WebhookKind>(std::move(http->client), session.clock()));
  kinds.push_back(
      std::make_unique<PipelineStartKind>(run_starter(session, store, std::move(definitions))));
  WorkerOptions options = worker_options(session);
  options.name += "-errands";
  options.queues.clear();
  options.slots = kErrandSlots;
  return WorkerHost::start(session, store, rules,
                           {.kinds = Kinds(std::move(kinds)), .options = std::move(options)});
}

void stop_errands(WorkerHost& errands, Duration grace) { errands.stop(std::min(grace, kStopMax)); }

}  // namespace waybill::cli
