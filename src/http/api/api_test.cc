#include "http/api/api.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const char* const kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class ApiTest : public ApiFixture {};

TEST_F(ApiTest, CreatesATaskAndShowsIt) {
  const Response response =
      post("/v1/tasks", R"({"kind":"noop","params":{"n":1},"queue":"q","labels":{"a":"b"}})",
           {{"traceparent", kTrace}});
  EXPECT_EQ(response.status, 201);
  const auto created = json_of(response);
  EXPECT_EQ(created.at("created"), true);
  const auto& task = created.at("task").get_object();
  EXPECT_EQ(task.at("queue"), "q");
  EXPECT_EQ(task.at("created_by"), "local");
  EXPECT_EQ(task.at("labels").at("traceparent"), kTrace);
  const std::string location = header(response, "Location");
  EXPECT_EQ(location, "/v1/tasks/" + std::string(task.at("id").get_string()));
  EXPECT_EQ(json_of(get(location)), task);
}

TEST_F(ApiTest, CreatesManyTasksOrNone) {
  const Response good = post("/v1/tasks", R"({"tasks":[{"kind":"noop"},{"kind":"noop"}]})");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(json_of(good).at("tasks").get_array().size(), 2u);
  const Response bad = post("/v1/tasks", R"({"tasks":[{"kind":"noop"},{"definition":"nothing"}]})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("/tasks/1/definition"));
  EXPECT_EQ(ledger_.page({})->tasks.size(), 2u);
}

TEST_F(ApiTest, GivesTheFirstAnswerAgainThoughTheTaskHasGoneOn) {
  const Pairs key = {{"idempotency-key", "k-1"}};
  const std::string body = R"({"kind":"noop","delay":"10m"})";
  const Response first = post("/v1/tasks", body, key);
  EXPECT_EQ(first.status, 201);
  clock_.advance(30s);
  const Uuid id = parse_uuid(std::string(json_of(first).at("task").at("id").get_string())).value();
  EXPECT_EQ(post("/v1/tasks/" + to_string(id) + "/cancel", "{}").status, 200);
  const Response again = post("/v1/tasks", body, key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(ledger_.page({})->tasks.size(), 1u);
}

TEST_F(ApiTest, RefusesAnotherRequestUnderAKey) {
  const Pairs key = {{"idempotency-key", "k-1"}};
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop","delay":"10m"})", key).status, 201);
  for (const char* other : {R"({"kind":"noop"})", R"({"kind":"noop","delay":"20m"})",
                            R"({"kind":"noop","delay":"10m","priority":1})"}) {
    const Response refused = post("/v1/tasks", other, key);
    EXPECT_EQ(refused.status, 422) << other;
  }
  EXPECT_EQ(ledger_.page({})->tasks.size(), 1u);
}

TEST_F(ApiTest, InsertsNothingOfAnotherBatchUnderAKey) {
  const Pairs key = {{"idempotency-key", "k-1"}};
  const auto batch = [](int tasks) {
    std::string body;
    for (int i = 0; i < tasks; ++i) body += (i == 0 ? "" : ",") + std::string(R"({"kind":"noop"})");
    return R"({"tasks":[)" + body + "]}";
  };
  EXPECT_EQ(post("/v1/tasks", batch(2), key).status, 200);
  EXPECT_EQ(post("/v1/tasks", batch(3), key).status, 422);
  EXPECT_EQ(post("/v1/tasks", batch(1), key).status, 422);
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop"})", key).status, 422);
  EXPECT_EQ(post("/v1/tasks", batch(2), key).status, 200);
  EXPECT_EQ(ledger_.page({})->tasks.size(), 2u);
}

TEST_F(ApiTest, HoldsAKeyAlsoWhereTasksNameTheirOwnIdOrDedupKey) {
  const Pairs key = {{"idempotency-key", "k-1"}};
  const auto with_id = [](int last) {
    return R"({"kind":"noop","id":"0a1b2c3d-0000-4000-8000-00000000000)" + std::to_string(last) +
           R"("})";
  };
  EXPECT_EQ(post("/v1/tasks", with_id(1), key).status, 201);
  EXPECT_EQ(post("/v1/tasks", with_id(2), key).status, 422);
  EXPECT_EQ(post("/v1/tasks", with_id(1), key).status, 201);
  const std::string id = create(R"({"kind":"noop","dedup_key":"nightly"})");
  const Pairs other = {{"idempotency-key", "k-2"}};
  const Response there = post("/v1/tasks", R"({"kind":"noop","dedup_key":"nightly"})", other);
  EXPECT_EQ(there.status, 200);
  EXPECT_EQ(post("/v1/tasks/" + id + "/cancel", "{}").status, 200);
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop","dedup_key":"nightly"})", other).body, there.body)
      << "though the key is free by now";
  EXPECT_EQ(ledger_.page({})->tasks.size(), 2u);
}

TEST_F(ApiTest, TakesARepeatForOneThoughTheDefinitionAndTheTraceHaveChanged) {
  definitions_["d"] = {.name = "d", .kind = "noop"};
  const std::string body = R"({"definition":"d"})";
  Pairs headers = {{"idempotency-key", "k-1"}, {"traceparent", kTrace}};
  EXPECT_EQ(post("/v1/tasks", body, headers).status, 201);
  definitions_["d"].priority = 5;
  headers[1].second[10] = 'f';
  const Response again = post("/v1/tasks", body, headers);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
}

TEST_F(ApiTest, LetsNobodyTakeTheKeysThatItMakesItself) {
  for (const char* key : {"schedule/nightly/2026-12-01T03:00:00Z", "idempotency/1",
                          "file:///own/task-markers/intake-x"}) {
    const Response refused =
        post("/v1/tasks", R"({"kind":"noop","dedup_key":")" + std::string(key) + R"("})");
    EXPECT_EQ(refused.status, 400) << key;
  }
  const std::string made = to_string(uuid_v5(kTaskNamespace, "schedule/nightly/x"));
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop","id":")" + made + R"("})").status, 400);
  EXPECT_EQ(
      post("/v1/tasks", R"({"kind":"noop","id":"0a1b2c3d-0000-4000-8000-000000000001"})").status,
      201);
}

TEST_F(ApiTest, RetriesManyFailedOnesButWhatWasCancelledOnlyWhenAsked) {
  const std::string id = create();
  EXPECT_EQ(post("/v1/tasks/" + id + "/cancel", "{}").status, 200);
  const auto retried = json_of(post("/v1/bulk/retry", R"({"filter":{"queue":"default"}})"));
  EXPECT_EQ(retried.at("matched"), 0);
  const auto meant =
      json_of(post("/v1/bulk/retry", R"({"filter":{"queue":"default","states":["cancelled"]}})"));
  EXPECT_EQ(meant.at("changed"), 1);
}

TEST_F(ApiTest, HoldsEveryRequestToTheDocument) {
  EXPECT_EQ(get("/v1/tasks?limit=0").status, 400);
  EXPECT_THAT(get("/v1/tasks?limt=1").body, HasSubstr("did you mean"));
  EXPECT_EQ(post("/v1/tasks", "[]").status, 400);
  EXPECT_EQ(post("/v1/tasks", "{").status, 400);
  Request text = request("POST", "/v1/tasks", "{}");
  text.headers = {{"content-type", "text/plain"}, {"host", "localhost"}};
  EXPECT_EQ(ask(text).status, 415);
  EXPECT_EQ(get("/v1/tasks/7").status, 404);
  EXPECT_EQ(get("/v1/nothing").status, 404);
  const Response method = ask(request("PUT", "/v1/tasks"));
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(header(method, "Allow"), "GET, HEAD, OPTIONS, POST");
}

TEST_F(ApiTest, TakesATaskThroughItsLifeByTheWorkerProtocol) {
  const std::string id = create();
  EXPECT_EQ(get("/v1/tasks/" + id + "/progress").body, R"({"progress":null})");
  const auto claimed = json_of(post("/v1/claims", R"({"worker":"w","limit":5})"));
  ASSERT_EQ(claimed.at("tasks").get_array().size(), 1u);
  EXPECT_EQ(claimed.at("tasks").at(0).at("id"), json::text(id));
  const std::string one = R"({"id":")" + id + R"(","fence":1)";
  const auto beat = json_of(
      post("/v1/beats", R"({"worker":"w","tasks":[)" + one + R"(,"progress":{"done":1}}]})"));
  EXPECT_EQ(beat.at("tasks").at(0).at("state"), "extended");
  EXPECT_EQ(get("/v1/tasks/" + id + "/progress").body, R"({"progress":{"done":1}})");
  const auto late = json_of(post(
      "/v1/finishes", R"({"tasks":[{"id":")" + id + R"(","fence":9,"outcome":"succeeded"}]})"));
  EXPECT_EQ(late.at("tasks").at(0).at("problem").at("type"), "urn:waybill:problem:stale");
  const auto finished = json_of(post(
      "/v1/finishes", R"({"tasks":[)" + one + R"(,"outcome":"succeeded","result":{"a":1}}]})"));
  EXPECT_EQ(finished.at("tasks").at(0).at("state"), "succeeded");
  EXPECT_EQ(json_of(get("/v1/tasks/" + id)).at("result").at("a"), 1);
}

TEST_F(ApiTest, AClaimThatFindsNothingWaitsForItsQueues) {
  const Request claim =
      request("POST", "/v1/claims", R"({"worker":"w","queues":["q"],"wait":"10s"})");
  const Reply reply = api_->handle(claim);
  const auto* later = std::get_if<Later>(&reply);
  ASSERT_NE(later, nullptr);
  EXPECT_EQ(later->topics, std::vector<std::string>{"q"});
  Request draining = claim;
  draining.draining = true;
  EXPECT_EQ(ask(draining).status, 200);
  clock_.advance(10s);
  EXPECT_EQ(json_of(ask(claim)).at("tasks").get_array().size(), 0u);
}

TEST_F(ApiTest, AClaimThatLooksOftenIsPutIntoTheListOfWorkersNowAndThen) {
  Request claim = request("POST", "/v1/claims", R"({"worker":"w","slots":1,"wait":"30s"})");
  const auto seen_at = [this] { return ledger_.workers()->at(0).seen_at; };
  const Time began = clock_.now();
  std::ignore = api_->handle(claim);
  EXPECT_EQ(seen_at(), began);
  claim.counted = true;  // as the server says when it asks again
  for (int i = 0; i < 9; ++i) {
    clock_.advance(1s);
    std::ignore = api_->handle(claim);
    EXPECT_EQ(seen_at(), began);
  }
  clock_.advance(1s);
  std::ignore = api_->handle(claim);
  EXPECT_EQ(seen_at(), began + 10s);
  clock_.advance(500ms);
  std::ignore = api_->handle(claim);
  EXPECT_EQ(seen_at(), began + 10s);
  claim.counted = false;
  std::ignore = api_->handle(claim);
  EXPECT_EQ(seen_at(), began + 10500ms) << "another claim of it";
}

TEST_F(ApiTest, AKindSaysWhatItsSpecsAreLike) {
  EXPECT_EQ(get("/v1/kinds").body, R"({"kinds":[{"name":"noop","spec_schema":null},)"
                                   R"({"name":"typed","spec_schema":{"type":"object"}}]})");
}

TEST_F(ApiTest, ASubmitterMakesTasksFromDefinitionsAndEndsOnlyItsOwn) {
  principals_ = {{"ann", {.name = "token:ann", .role = Role::submitter}},
                 {"bob", {.name = "token:bob", .role = Role::submitter}},
                 {"op", {.name = "token:op", .role = Role::operator_}}};
  const auto as = [](const char* token) {
    return Pairs{{"authorization", std::string("Bearer ") + token}};
  };
  definitions_["d"] = {.name = "d", .kind = "noop"};
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop"})", as("ann")).status, 403);
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop"})", as("op")).status, 201);
  const Response created = post("/v1/tasks", R"({"definition":"d"})", as("ann"));
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string path = header(created, "Location") + "/cancel";
  EXPECT_EQ(post(path, "{}", as("bob")).status, 403);
  EXPECT_EQ(post("/v1/bulk/cancel", R"({"filter":{"queue":"q"}})", as("ann")).status, 403);
  EXPECT_EQ(post("/v1/claims", R"({"worker":"w"})", as("op")).status, 403);
  EXPECT_EQ(post(path, "{}", as("ann")).status, 200);
  EXPECT_EQ(post(path.substr(0, path.rfind('/')) + "/retry", "{}", as("op")).status, 200);
}

TEST_F(ApiTest, AsksForATokenAsSoonAsThereIsOne) {
  EXPECT_EQ(get("/v1/queues").status, 200);
  principals_ = {{"ann", {.name = "token:ann", .role = Role::viewer}}};
  const Response refused = get("/v1/queues");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(header(refused, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(get("/v1/queues", {{"authorization", "Bearer eve"}}).status, 401);
  EXPECT_EQ(get("/v1/queues", {{"authorization", "Basic ann"}}).status, 401);
  EXPECT_EQ(get("/v1/queues", {{"authorization", "bearer ann"}}).status, 200);
}

TEST_F(ApiTest, IsUnavailableWhileNobodyCanSayWhetherThereIsAToken) {
  nobody_can_say_ = true;
  EXPECT_EQ(get("/v1/queues").status, 503);
  nobody_can_say_ = false;
  EXPECT_EQ(get("/v1/queues").status, 200);
}

TEST_F(ApiTest, LetsNoForeignPageInWhileNobodyIsAsked) {
  Request foreign = request("GET", "/v1/queues");
  foreign.headers = {{"host", "evil.example"}};
  EXPECT_EQ(ask(foreign).status, 421);
  foreign.headers = {{"host", "127.0.0.1:8470"}, {"origin", "http://evil.example"}};
  EXPECT_EQ(ask(foreign).status, 403);
  foreign.headers = {{"host", "127.0.0.1:8470"}, {"origin", "http://127.0.0.1:8470"}};
  EXPECT_EQ(ask(foreign).status, 200);
}

TEST_F(ApiTest, SaysWhetherATaskHasChangedSince) {
  const std::string path = "/v1/tasks/" + create();
  const Response first = get(path);
  const std::string etag = header(first, "ETag");
  EXPECT_EQ(get(path, {{"if-none-match", etag}}).status, 304);
  EXPECT_EQ(post(path + "/cancel", "{}").status, 200);
  const Response after = get(path, {{"if-none-match", etag}});
  EXPECT_EQ(after.status, 200);
  EXPECT_NE(header(after, "ETag"), etag);
}

TEST_F(ApiTest, GivesATaskAnotherPriorityAndTimeUnlessItHasChanged) {
  const std::string path = "/v1/tasks/" + create();
  const std::string etag = header(get(path), "ETag");
  const Response patched =
      ask(request("PATCH", path, R"({"priority":5,"delay":"10m"})", {{"if-match", etag}}));
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(json_of(patched).at("priority"), 5);
  EXPECT_EQ(json_of(patched).at("state"), "scheduled");
  EXPECT_EQ(header(patched, "ETag"), header(get(path), "ETag"));
  EXPECT_EQ(ask(request("PATCH", path, R"({"priority":6})", {{"if-match", etag}})).status, 412);
  EXPECT_EQ(json_of(get(path)).at("priority"), 5);
  EXPECT_EQ(ask(request("PATCH", path, R"({"delay":"0s"})")).status, 200);
  EXPECT_EQ(json_of(get(path)).at("state"), "ready");
  for (const char* wrong : {"{}", R"({"priority":101})", R"({"queue":"b"})",
                            R"({"delay":"1m","run_at":"2030-01-01T00:00:00Z"})"}) {
    EXPECT_EQ(ask(request("PATCH", path, wrong)).status, 400) << wrong;
  }
  EXPECT_EQ(post(path + "/cancel", "{}").status, 200);
  EXPECT_EQ(ask(request("PATCH", path, R"({"priority":5})")).status, 409);
}

TEST_F(ApiTest, AnAmendmentTakesNobodysLease) {
  const std::string id = create();
  ASSERT_EQ(post("/v1/claims", R"({"worker":"w"})").status, 200);
  ASSERT_EQ(ask(request("PATCH", "/v1/tasks/" + id, R"({"priority":5})")).status, 200);
  EXPECT_EQ(ask(request("PATCH", "/v1/tasks/" + id, R"({"delay":"1m"})")).status, 409);
  const auto finished = json_of(
      post("/v1/finishes", R"({"tasks":[{"fence":1,"outcome":"succeeded","id":")" + id + "\"}]}"));
  EXPECT_EQ(finished.at("tasks").at(0).at("state"), "succeeded");
}

TEST_F(ApiTest, LetsWhoMaySubmitAmendOnlyItsOwnTasks) {
  const std::string path = "/v1/tasks/" + create();
  principals_["other"] = {.name = "token:other", .role = Role::submitter};
  const Pairs other = {{"authorization", "Bearer other"}};
  EXPECT_EQ(ask(request("PATCH", path, R"({"priority":5})", other)).status, 403);
}

TEST_F(ApiTest, ATaskThatWasAmendedIsStillTheOneThatWasAskedFor) {
  const std::string body =
      R"({"kind":"noop","id":"01890f3e-7b60-7000-8000-000000000001","priority":1})";
  const std::string path = "/v1/tasks/" + create(body);
  ASSERT_EQ(ask(request("PATCH", path, R"({"priority":5})")).status, 200);
  const Response again = post("/v1/tasks", body);
  EXPECT_EQ(again.status, 200) << again.body;
}

TEST_F(ApiTest, KeepsWhoChangedWhat) {
  const std::string first = create();
  EXPECT_EQ(post("/v1/tasks", R"({"tasks":[{"kind":"noop"},{"kind":"noop"}]})").status, 200);
  EXPECT_EQ(post("/v1/bulk/cancel", R"({"filter":{"queue":"default"}})").status, 200);
  EXPECT_EQ(post("/v1/tasks/" + first + "/cancel", "{}").status, 409);
  principals_ = {{"v", {.name = "token:v", .role = Role::viewer}},
                 {"a", {.name = "token:a", .role = Role::admin}}};
  EXPECT_EQ(post("/v1/queues/q/pause", "{}", {{"authorization", "Bearer v"}}).status, 403);
  EXPECT_EQ(get("/v1/audit", {{"authorization", "Bearer v"}}).status, 403);
  ASSERT_TRUE(audit_.step({}).has_value());
  const Response answer = get("/v1/audit?operation=createTasks", {{"authorization", "Bearer a"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto created = json_of(answer).at("entries").get_array();
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(created[0].at("count"), 2);
  EXPECT_EQ(created[1].at("count"), 1);
  EXPECT_EQ(created[1].at("subject").get_string(), first);
  EXPECT_EQ(created[1].at("who"), "local");
  EXPECT_EQ(created[1].at("from"), "127.0.0.1");
  const auto entry = [&](const std::string& operation) {
    return audit_log_.page({.filter = {.operation = operation}})->entries.at(0);
  };
  EXPECT_EQ(entry("cancelTasks").count, 3);
  EXPECT_EQ(entry("cancelTasks").outcome, AuditOutcome::done);
  EXPECT_EQ(entry("cancelTask").outcome, AuditOutcome::failed);
  EXPECT_EQ(entry("cancelTask").reason, "conflict");
  EXPECT_EQ(entry("pauseQueue").outcome, AuditOutcome::refused);
  EXPECT_EQ(entry("pauseQueue").subject, "q");
  EXPECT_EQ(entry("pauseQueue").who, "token:v");
}

TEST_F(ApiTest, AnswersFromMemoryWhetherItLivesAndIsReady) {
  const auto status_of = [&](const char* path) {
    Response response;
    const auto counts = [] { return ServerCounts(); };
    return api_->answer_at_once(request("GET", path), counts, response) ? response.status : 0;
  };
  EXPECT_EQ(status_of("/healthz"), 200);
  EXPECT_EQ(status_of("/readyz"), 503) << "nobody has looked at the ledger yet";
  EXPECT_THAT(metrics_.text({}), HasSubstr("waybill_ledger_up 0\n"));
  ASSERT_TRUE(metrics_.step({}));
  EXPECT_EQ(status_of("/readyz"), 200);
  EXPECT_THAT(metrics_.text({}), HasSubstr("waybill_ledger_up 1\n"));
  EXPECT_EQ(status_of("/v1/queues"), 0) << "that asks the ledger";
}

TEST_F(ApiTest, MetricsTellTheDepthOfEachQueueAlsoOfOneWithoutTasks) {
  create();
  ASSERT_TRUE(ledger_.put_queue({.name = "idle"}));
  ASSERT_TRUE(metrics_.step({}));
  const std::string text = metrics_.text({});
  EXPECT_THAT(text, HasSubstr("waybill_queue_depth{queue=\"default\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("waybill_queue_depth{queue=\"idle\"} 0\n"));
  // What a worker has still counts: it is wanted until the end.
  ASSERT_EQ(ledger_.claim({.worker = "w"})->size(), 1U);
  ASSERT_TRUE(metrics_.step({}));
  EXPECT_THAT(metrics_.text({}), HasSubstr("waybill_queue_depth{queue=\"default\"} 1\n"));
}

}  // namespace
}  // namespace waybill::http
