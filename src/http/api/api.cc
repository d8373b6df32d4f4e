#include "http/api/api.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "base/log.h"
#include "http/api/audit.h"
#include "http/api/gate.h"
#include "http/api/new_task.h"
#include "http/api/request_body.h"
#include "http/api/routes.h"
#include "http/api/stream_watch.h"
#include "http/api_document.h"
#include "http/console.h"
#include "http/router.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

std::optional<Right> right_named(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"read", "submit", "work", "operate", "admin"};
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Right>(found - kNames.begin());
}

/// What every answer says to browsers (OWASP, HTTP headers): it is data, and nobody's page.
void add_security_headers(Response& response) {
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"X-Content-Type-Options", "nosniff"},
           {"Cache-Control", "no-store"},
           {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
           {"Referrer-Policy", "no-referrer"}}) {
    response.headers.emplace_back(name, value);
  }
}

}  // namespace

struct Api::Inside {
  struct Served {
    Operation operation;
    std::optional<Right> right;  // none: open to everybody
    Handler handler;
  };

  Inside(const ApiParts& on, ApiMetrics& counting, ApiGate at, ApiDocument says)
      : parts(on), metrics(counting), gate(std::move(at)), document(std::move(says)) {}

  Status add_routes();
  Answer<Reply> answer(const Served& served, const Request& request, const Router::Match& match);
  Answer<Reply> answer_if_allowed(const Served& served, const Request& request,
                                  const Router::Match& match, const Principal& who) const;
  Answer<Reply> answer_to(const Served& served, const Request& request, const Router::Match& match,
                          const Principal& who) const;
  Answer<Reply> call(const Served& served, const Call& call) const;
  static bool changes(const Served& served);
  static bool tells_of(const Served& served);
  static bool gives_secrets(const Served& served);
  static void tell(const Served& served, const Request& request, const Principal& who,
                   const Answer<Reply>& answer);
  std::optional<Error> why_refused(const Request& request, Right right) const;
  std::string nothing_at(const Request& request) const;
  Reply finish(Answer<Reply> answer, const Request& request, std::string_view operation) const;

  const ApiParts& parts;
  ApiMetrics& metrics;
  const ApiGate gate;
  const ApiDocument document;
  Router router;
  std::vector<Served> served;  // by the number of the route
  StreamWatch streams{
      [this](const Request& request, Right right) { return why_refused(request, right); }};
};

Status Api::Inside::add_routes() {
  Handlers handlers;
  add_create_handlers(parts, handlers);
  add_task_handlers(parts, handlers);
  add_change_handlers(parts, handlers);
  add_audit_handler(parts, handlers);
  add_amend_handler(parts, handlers);
  add_log_handlers(parts, handlers);
  add_artifact_handlers(parts, handlers);
  add_provenance_handlers(parts, handlers);
  add_view_handlers(parts, handlers);
  add_worker_handlers(parts, handlers);
  add_finish_handler(parts, handlers);
  add_event_handlers(parts, handlers);
  add_login_handlers(parts, handlers);
  add_schedule_handlers(parts, handlers);
  add_secret_handlers(parts, handlers);
  add_run_handlers(parts, handlers);
  add_webhook_handlers(parts, handlers);
  add_token_handlers(parts, handlers);
  add_session_handlers(parts, handlers);
  add_collection_handlers(parts, handlers);
  add_chronicle_handlers(parts, handlers);
  add_host_turn_handlers(parts, handlers);
  handlers["getOpenApi"] = [](const Call& call) {
    return with_own_etag(
        call, {.body = std::string(openapi_document()), .headers = {}, .stream = nullptr});
  };
  // From memory, while no handler is free: see answer_at_once.
  for (const char* open : {"getHealth", "getReadiness", "getMetrics"}) handlers[open] = nullptr;
  for (const Operation& operation : document.operations()) {
    const auto handler = handlers.find(operation.id);
    if (handler == handlers.end()) {
      return fail(Code::internal, "no handler serves " + operation.id);
    }
    const auto right = right_named(operation.right);
    if (!right && operation.right != "none") {
      return fail(Code::internal, operation.id + " needs a right that there is not");
    }
    std::string pattern = operation.path;
    if (operation.takes_rest) pattern.insert(pattern.size() - 1, "…");
    router.add(operation.method, pattern);
    served.push_back(
        {.operation = operation, .right = right, .handler = std::move(handler->second)});
    handlers.erase(handler);
  }
  if (handlers.empty()) return {};
  return fail(Code::internal, "the OpenAPI document has no operation " + handlers.begin()->first);
}

/// What workers do is in the histories of their tasks.
bool Api::Inside::changes(const Served& route) {
  if (!route.right || route.operation.method == "GET") return false;
  return *route.right != Right::work && route.operation.id != "planRun";
}

/// What a person changes goes into the log; what programs do by the thousand is in the ledger.
bool Api::Inside::tells_of(const Served& route) {
  return changes(route) && route.operation.id != "createTasks";
}

bool Api::Inside::gives_secrets(const Served& route) {
  return route.operation.id == "readTaskSecrets";
}

void Api::Inside::tell(const Served& route, const Request& request, const Principal& who,
                       const Answer<Reply>& answer) {
  const auto* response = answer ? std::get_if<Response>(&*answer) : nullptr;
  const int status = response != nullptr ? response->status : answer ? 0 : answer.error().status;
  log::info("api_change", route.operation.id,
            {{"who", who.name},
             {"from", request.peer},
             {"path", without_secrets(request.path)},
             {"status", status}});
}

Answer<Reply> Api::Inside::answer(const Served& route, const Request& request,
                                  const Router::Match& match) {
  Principal who;
  if (route.right) {
    auto asks = who_asks(gate, request);
    if (!asks) {
      if (gives_secrets(route)) {
        keep_unknown_in_audit_log(parts, route.operation, request, asks.error());
      }
      return refuse(std::move(asks.error()));
    }
    who = std::move(*asks);
  }
  auto answered = answer_if_allowed(route, request, match, who);
  if (tells_of(route)) tell(route, request, who, answered);
  // What a worker may be given it notes itself.
  const bool kept_out = gives_secrets(route) && !may(who.role, Right::work);
  if (changes(route) || kept_out) {
    keep_in_audit_log(parts, {route.operation, request, match, who, answered});
  }
  const auto* response = answered ? std::get_if<Response>(&*answered) : nullptr;
  if (response != nullptr && response->stream && route.right) {
    streams.watch(response->stream, request, *route.right);
  }
  return answered;
}

std::optional<Error> Api::Inside::why_refused(const Request& request, Right right) const {
  const auto who = who_still_asks(gate, request);
  if (!who && who.error().status >= 500) return std::nullopt;  // nobody can say just now
  if (!who) {
    const bool is_known = who.error().status == 403;
    return Error{.code = is_known ? Code::permission_denied : Code::unauthenticated,
                 .message = who.error().detail};
  }
  if (may(who->role, right)) return std::nullopt;
  return Error{.code = Code::permission_denied,
               .message = who->name + " is a " + std::string(to_string(who->role)) +
                          " now, and may not look any more"};
}

Answer<Reply> Api::Inside::answer_if_allowed(const Served& route, const Request& request,
                                             const Router::Match& match,
                                             const Principal& who) const {
  if (!route.right || may(who.role, *route.right)) return answer_to(route, request, match, who);
  return refuse(Error{.code = Code::permission_denied,
                      .message = who.name + " is a " + std::string(to_string(who.role)) + ", and " +
                                 route.operation.id + " needs the right to " +
                                 route.operation.right});
}

Answer<Reply> Api::Inside::answer_to(const Served& route, const Request& request,
                                     const Router::Match& match, const Principal& who) const {
  const auto query = document.read_query(route.operation, request.query);
  if (!query) return refuse(query.error());
  json::Arena arena(request.body.size());
  const auto body = read_body(document, route.operation, request, arena);
  if (!body) return refuse(body.error());
  const auto key = read_key(request);
  if (!key) return refuse(key.error());
  return call(route, {.request = request,
                      .path = match.path,
                      .query = *query,
                      .body = *body,
                      .who = who,
                      .key = request.method == "POST" ? *key : ""});
}

Answer<Reply> Api::Inside::call(const Served& route, const Call& call) const {
  const bool by_ledger = route.operation.id == "createTasks" && is_known_by_its_key(call);
  // Nothing is kept of secrets; and the end of one session is not that of another.
  const std::string& id = route.operation.id;
  const bool is_never_kept = gives_secrets(route) || id == "logOut" || id == "takeHostTurns";
  if (call.key.empty() || by_ledger || is_never_kept) return route.handler(call);
  // What was created is told by the ledger too, after a restart.
  const bool durably = changes(route) && route.operation.id != "createTasks";
  const Keeping keeping = durably ? Keeping::durably : Keeping::in_memory;
  const KeyedCall keyed = keyed_call(call.who.name, call.key, call.request);
  // From before the look until the answer is kept: in between the same would be done twice.
  const FirstAnswers::UnderWay under_way(parts.first_answers, keyed.owner);
  if (!under_way.is_ours()) return refuse(key_under_way());
  auto first = parts.first_answers.find(keyed, keeping);
  if (!first) return refuse(std::move(first.error()));
  if (*first) return std::move(**first);
  auto answer = route.handler(call);
  if (!answer) return answer;
  if (const auto* response = std::get_if<Response>(&*answer)) {
    parts.first_answers.keep(keyed, *response, keeping, parts.clock.now());
  }
  return answer;
}

std::string Api::Inside::nothing_at(const Request& request) const {
  std::vector<std::string> segments = request.segments;
  const bool ends_in_slash = segments.size() > 1 && segments.back().empty();
  if (ends_in_slash) segments.pop_back();
  const auto without = router.find(request.method, segments);
  const bool is_there = without.route || !without.allowed.empty();
  return "there is nothing at " + request.path +
         (ends_in_slash && is_there ? "; leave out the slash at its end"
                                    : "; GET /v1/openapi.json says what there is");
}

Reply Api::Inside::finish(Answer<Reply> answer, const Request& request,
                          std::string_view operation) const {
  if (answer && std::holds_alternative<Later>(*answer)) return std::move(*answer);
  Response response = answer ? std::move(std::get<Response>(*answer)) : to_response(answer.error());
  add_security_headers(response);
  metrics.count(operation, response.status, parts.clock.steady_now() - request.came_at);
  return response;
}

Api::Api(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Api::~Api() = default;

Result<std::unique_ptr<Api>> Api::create(const ApiParts& parts, ApiMetrics& metrics, ApiGate gate) {
  auto document = ApiDocument::create(openapi_document());
  if (!document) return fail(document.error());
  auto inside = std::make_unique<Inside>(parts, metrics, std::move(gate), std::move(*document));
  if (Status added = inside->add_routes(); !added) return fail(added.error());
  return std::make_unique<Api>(std::move(inside));
}

Reply Api::handle(const Request& request) {
  const Router::Match match = inside_->router.find(request.method, request.segments);
  if (match.route) {
    const Inside::Served& served = inside_->served[*match.route];
    return inside_->finish(inside_->answer(served, request, match), request, served.operation.id);
  }
  if (match.allowed.empty()) {
    Problem problem = problem_of(404, inside_->nothing_at(request));
    problem.type = "no-such-route";
    return inside_->finish(refuse(std::move(problem)), request, "none");
  }
  if (request.method == "OPTIONS") {
    return inside_->finish(Response{.status = 204,
                                    .body = {},
                                    .content_type = {},
                                    .headers = {{"Allow", match.allowed}},
                                    .stream = nullptr},
                           request, "none");
  }
  Problem problem =
      problem_of(405, request.path + " takes " + match.allowed + ", not " + request.method);
  problem.headers.emplace_back("Allow", match.allowed);
  return inside_->finish(refuse(std::move(problem)), request, "none");
}

bool Api::answer_at_once(const Request& request, const std::function<ServerCounts()>& counts,
                         Response& response) {
  if (request.method != "GET" && request.method != "HEAD") return false;
  if (auto page = console_answer(request)) {
    response = std::move(*page);
    return true;
  }
  response.content_type = "text/plain; charset=utf-8";
  if (request.path == "/healthz") {
    response.body = "ok\n";
  } else if (request.path == "/readyz") {
    const bool ready = !request.draining && inside_->metrics.ledger_answers();
    response.status = ready ? 200 : 503;
    response.body = ready              ? "ready\n"
                    : request.draining ? "about to end\n"
                                       : "the ledger does not answer\n";
  } else if (request.path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = inside_->metrics.text(counts());
  } else {
    return false;
  }
  add_security_headers(response);
  return true;
}

Service& Api::streams() { return inside_->streams; }

Response Api::refusal(const Request&, int status, std::string_view why) {
  Response response = to_response(problem_of(status, why));
  add_security_headers(response);
  inside_->metrics.count("none", status, Duration::zero());
  return response;
}

}  // namespace waybill::http
