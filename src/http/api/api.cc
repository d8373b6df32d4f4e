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
#include "http/api/routes.h"
#include "http/api_document.h"
#include "http/router.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// A document of at most this many violations is told of all of them.
constexpr std::size_t kViolationsTold = 10;

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

bool is_json(std::string_view content_type) {
  const std::string type = to_lower(content_type.substr(0, content_type.find(';')));
  return type.find_last_not_of(' ') != type.npos &&
         type.substr(0, type.find_last_not_of(' ') + 1) == "application/json";
}

Answer<bj::value> read_body(const ApiDocument& document, const Operation& operation,
                            const Request& request) {
  if (request.body.empty() && !operation.body_required) return bj::value(bj::object());
  if (!operation.has_body) {
    return refuse(problem_of(400, operation.method + " " + operation.path + " takes no body"));
  }
  if (!is_json(request.header("content-type"))) {
    return refuse(problem_of(415, "send the body with `Content-Type: application/json`"));
  }
  auto body = json::parse(request.body);
  if (!body) return refuse(problem_of(400, "the body is no JSON: " + body.error().message));
  const auto violations = document.check_body(operation, *body);
  if (violations.empty()) return std::move(*body);
  std::string text;
  for (const SchemaViolation& violation : violations) {
    if (&violation - violations.data() == kViolationsTold) {
      text += "; and " + std::to_string(violations.size() - kViolationsTold) + " more";
      break;
    }
    text += (text.empty() ? "" : "; ") + to_string(violation);
  }
  return refuse(Error{.code = Code::invalid_argument, .message = text});
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
  Answer<Reply> answer(const Served& served, const Request& request,
                       const Router::Match& match) const;
  Answer<Reply> answer_if_allowed(const Served& served, const Request& request,
                                  const Router::Match& match, const Principal& who) const;
  Answer<Reply> answer_to(const Served& served, const Request& request, const Router::Match& match,
                          const Principal& who) const;
  Answer<Reply> call(const Served& served, const Call& call) const;
  static bool changes(const Served& served);
  static bool tells_of(const Served& served);
  static void tell(const Served& served, const Request& request, const Principal& who,
                   const Answer<Reply>& answer);
  Reply finish(Answer<Reply> answer, const Request& request, std::string_view operation) const;

  const ApiParts& parts;
  ApiMetrics& metrics;
  const ApiGate gate;
  const ApiDocument document;
  Router router;
  std::vector<Served> served;  // by the number of the route
};

Status Api::Inside::add_routes() {
  Handlers handlers;
  add_create_handlers(parts, handlers);
  add_task_handlers(parts, handlers);
  add_change_handlers(parts, handlers);
  add_audit_handler(parts, handlers);
  add_amend_handler(parts, handlers);
  add_log_handlers(parts, handlers);
  add_view_handlers(parts, handlers);
  add_worker_handlers(parts, handlers);
  add_finish_handler(parts, handlers);
  add_event_handlers(parts, handlers);
  add_login_handlers(parts, handlers);
  add_secret_handlers(parts, handlers);
  handlers["getOpenApi"] = [](const Call&) {
    return Response{.body = std::string(openapi_document()), .headers = {}, .stream = nullptr};
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
    router.add(operation.method, operation.path);
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
  return *route.right != Right::work;
}

/// What a person changes goes into the log; what programs do by the thousand is in the ledger.
bool Api::Inside::tells_of(const Served& route) {
  return changes(route) && route.operation.id != "createTasks";
}

void Api::Inside::tell(const Served& route, const Request& request, const Principal& who,
                       const Answer<Reply>& answer) {
  const auto* response = answer ? std::get_if<Response>(&*answer) : nullptr;
  const int status = response != nullptr ? response->status : answer ? 0 : answer.error().status;
  log::info(
      "api_change", route.operation.id,
      {{"who", who.name}, {"from", request.peer}, {"path", request.path}, {"status", status}});
}

Answer<Reply> Api::Inside::answer(const Served& route, const Request& request,
                                  const Router::Match& match) const {
  Principal who;
  if (route.right) {
    auto asks = who_asks(gate, request);
    if (!asks) return refuse(std::move(asks.error()));
    who = std::move(*asks);
  }
  auto answered = answer_if_allowed(route, request, match, who);
  if (tells_of(route)) tell(route, request, who, answered);
  if (changes(route)) keep_in_audit_log(parts, {route.operation, request, match, who, answered});
  return answered;
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
  const auto body = read_body(document, route.operation, request);
  if (!body) return refuse(body.error());
  const std::string key(request.header("idempotency-key"));
  if (request.has_header("idempotency-key") && !key_problem(key).empty()) {
    return refuse(Error{.code = Code::invalid_argument, .message = key_problem(key)});
  }
  return call(route, {.request = request,
                      .path = match.path,
                      .query = *query,
                      .body = *body,
                      .who = who,
                      .key = request.method == "POST" ? key : ""});
}

Answer<Reply> Api::Inside::call(const Served& route, const Call& call) const {
  const bool by_ledger = route.operation.id == "createTasks" && is_known_by_its_key(call);
  if (call.key.empty() || by_ledger) return route.handler(call);
  const KeyedCall keyed = keyed_call(call.who.name, call.key, call.request);
  auto first = parts.first_answers.find(keyed);
  if (!first) return refuse(std::move(first.error()));
  if (*first) return std::move(**first);
  auto answer = route.handler(call);
  if (!answer) return answer;
  if (const auto* response = std::get_if<Response>(&*answer)) {
    parts.first_answers.keep(keyed, *response);
  }
  return answer;
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
    Problem problem = problem_of(
        404, "there is nothing at " + request.path + "; GET /v1/openapi.json says what there is");
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

Response Api::refusal(int status, std::string_view why) {
  Response response = to_response(problem_of(status, why));
  add_security_headers(response);
  inside_->metrics.count("none", status, Duration::zero());
  return response;
}

}  // namespace waybill::http
