// A request as anybody may send it, from the target to the answer: `METHOD TARGET`, headers, an
// empty line, the body. At the API's doors and at those of task_mgmt; on a ledger in memory, with a
// definition, a schedule, a vault and a login. Who sends a token or a cookie is asked who they are:
// the token `good` is an operator's, and `STATE` and `SLIP` stand for what a login was begun with,
// `SESSION` for the cookie of one.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "http/api/api.h"
#include "http/compat/task_mgmt.h"
#include "http/target.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/fake_people_store.h"
#include "testing/fake_secret_store.h"
#include "testing/sim_clock.h"

namespace waybill::http {
namespace {

/// A server without sockets, for so many requests: what they make stays in memory.
constexpr int kRequestsMax = 1000;

constexpr std::string_view kSlipCookie = "__Host-waybill-login=";
constexpr std::string_view kSessionCookie = "__Host-waybill-session=";

/// Lets everybody through as whom the code names.
class EasyProvider final : public IdentityProvider {
 public:
  Result<std::string> authorization_url(const AuthorizationRequest& request,
                                        const Deadline&) override {
    return "https://id.example/?state=" + request.state;
  }
  Result<Authenticated> redeem(const AuthorizationCode& code, const Deadline&) override {
    return Authenticated{.identity = {.provider = "acme", .subject = code.code, .login = code.code},
                         .access_token = "t"};
  }
};

Definitions some_definitions() {
  Definitions all;
  all.tasks = {{"fetch",
                {.name = "fetch",
                 .kind = "noop",
                 .spec = R"({"secrets":{"A":"a"}})",
                 .params_schema =
                     R"({"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}})",
                 .labels = {{"team", "data"}}}}};
  return all;
}

struct World {
  SimClock clock;
  FakeLedger ledger{clock};
  FakeLogStore logs;
  const Definitions definitions = some_definitions();
  Rng rng{7};
  UuidMaker ids{rng};
  FirstAnswers first_answers;
  FakeSecretStore secret_store;
  SecretVault secrets{secret_store,
                      clock,
                      {.keys = {std::string(32, 'k')},
                       .random_bytes = [this](std::size_t count) { return random(count); }}};
  FakePeopleStore people;
  EasyProvider provider;
  int made = 0;
  LoginDesk logins{
      people,
      clock,
      {.settings = {.base_url = "https://w.example",
                    .providers = {{.name = "acme"}},
                    .people = {{.provider = "acme", .login = "ann", .role = Role::admin}},
                    .default_role = Role::viewer},
       .providers = {{"acme", &provider}},
       .random_bytes = [this](std::size_t count) { return random(count); }}};
  WrongTokens wrong_tokens{clock};
  EventFeed feed{{.reader = ledger, .logs = logs, .clock = clock}, [](const LedgerEvent&) {}};
  ApiMetrics metrics{ledger, ledger, clock};
  const ApiParts parts{.ledger = {ledger, ledger, ledger},
                       .logs = logs,
                       .clock = clock,
                       .definitions = always(definitions),
                       .kinds = {{"noop", ""}},
                       .check_task = {},
                       .new_id = [this] { return ids.next(clock.now()); },
                       .chance = [this] { return rng.unit(); },
                       .feed = feed,
                       .first_answers = first_answers,
                       .logins = &logins,
                       .secrets = &secrets};
  ApiGate gate;
  std::unique_ptr<Api> api;
  std::unique_ptr<TaskMgmtDoors> doors;
  int requests = 0;
  bool asks = false;
  std::string state;  // of a login that was begun
  std::string slip;
  std::string session;

  World() {
    gate.asks = [this] { return asks; };
    gate.authenticate = [](std::string_view token) -> Result<Principal> {
      if (token == "good") return Principal{.name = "token:good", .role = Role::operator_};
      return fail(Code::unauthenticated, "no such token");
    };
    gate.logins = &logins;
    gate.wrong_tokens = &wrong_tokens;
    api = Api::create(parts, metrics, gate).value();
    doors = std::make_unique<TaskMgmtDoors>(parts, gate, *api);
    session = logins.complete(come_back("ann")).value().secret;
    slip = come_back("bob").slip;
    Schedule schedule{.name = "nightly", .cron = "@daily", .task = a_task(1), .source = "cli"};
    if (!secrets.put("a", "hidden", "fuzz") || !ledger.put_schedule(schedule)) std::abort();
  }

  std::string random(std::size_t count) {
    return (sha256(std::to_string(++made)) + sha256("x")).substr(0, count);
  }

  /// A login is begun; what its browser comes back with.
  LoginDesk::Return come_back(const std::string& code) {
    const LoginDesk::Begun begun = logins.begin("acme", "/").value();
    state = begun.url.substr(begun.url.find('=') + 1);
    return {.provider = "acme",
            .code = code,
            .state = state,
            .issuer = {},
            .error = {},
            .slip = begun.slip};
  }

  void put_in(Request& request) {
    for (auto& [name, value] : request.query) {
      if (value == "STATE") value = state;
    }
    for (auto& [name, value] : request.headers) {
      if (value == "SLIP") value = std::string(kSlipCookie) + slip;
      if (value == "SESSION") value = std::string(kSessionCookie) + session;
    }
    asks = request.has_header("authorization") || request.has_header("cookie");
  }
};

/// The first line, taken off.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

void check(const Request& request, const Response& response) {
  if (response.status < 200 || response.status > 599) std::abort();
  if (response.stream) return response.stream->close();
  if (!is_utf8(response.body)) std::abort();
  if (response.status < 400) return;
  const auto problem = json::parse(response.body);
  if (!problem || !problem->is_object()) std::abort();
  // Outside of the API's paths they are in task_mgmt's words.
  const bool is_ours = request.path.starts_with("/v1/");
  const auto& members = problem->get_object();
  const bool told = members.contains("detail") ||
                    (!is_ours && (members.contains("meta") || members.contains("status")));
  if (!told) std::abort();
  if (response.status == 500) std::abort();  // whatever was sent, it is no bug of ours
}

}  // namespace
}  // namespace waybill::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  static std::unique_ptr<http::World> world;
  if (!world || ++world->requests > http::kRequestsMax) world = std::make_unique<http::World>();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view first = http::take_line(text);
  const std::size_t space = first.find(' ');
  if (space == first.npos) return 0;
  const auto target = http::parse_target(first.substr(space + 1));
  if (!target) return 0;
  http::Request request{.method = std::string(first.substr(0, space)),
                        .path = target->path,
                        .segments = target->segments,
                        .query = target->query,
                        .headers = {{"host", "127.0.0.1"}},
                        .body = {},
                        .peer = "127.0.0.1",
                        .came_at = world->clock.steady_now(),
                        .draining = true};
  for (auto line = http::take_line(text); !line.empty(); line = http::take_line(text)) {
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    request.headers.emplace_back(to_lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  request.body = std::string(text);
  world->put_in(request);
  http::Response at_once;
  if (world->doors->answer_at_once(
          request, [] { return http::ServerCounts{}; }, at_once))
    return 0;
  const http::Reply reply = world->doors->handle(request);
  if (const auto* response = std::get_if<http::Response>(&reply)) http::check(request, *response);
  return 0;
}
