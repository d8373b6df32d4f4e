#include "http/compat/task_mgmt.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "http/compat/task_mgmt_json.h"
#include "testing/builders.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class TaskMgmt : public ApiFixture {
 protected:
  TaskMgmt() {
    definitions_["ipfs.addurl"] = {.name = "ipfs.addurl",
                                   .kind = "noop",
                                   .params_schema = R"({"type":"object","required":["url"]})"};
  }
  Response knock(const Request& request) { return std::get<Response>(doors_.handle(request)); }
  Response knock(std::string method, const std::string& target, std::string body = "") {
    return knock(request(std::move(method), target, std::move(body)));
  }

  TaskMgmtDoors doors_{parts_, gate_, *api_};
};

TEST_F(TaskMgmt, EnqueuesATaskAndTellsOfItInItsEnvelope) {
  const Response response =
      knock("POST", "/tasks",
            R"({"type":"ipfs.addurl","title":"Archive it","userId":"eve","id":"x",)"
            R"("params":{"url":"u"}})");
  EXPECT_EQ(response.status, 200) << response.body;
  const auto body = json_of(response);
  EXPECT_EQ(body.at("meta").at("code"), 200);
  EXPECT_EQ(body.at("meta").at("message"), "successfully enqueued task");
  const auto& task = body.at("data").get_object();
  EXPECT_EQ(task.at("title"), "Archive it");
  EXPECT_EQ(task.at("type"), "ipfs.addurl");
  EXPECT_EQ(task.at("userId"), "local") << "who was authenticated, not what the body says";
  EXPECT_EQ(task.at("params").at("url"), "u");
  EXPECT_FALSE(task.contains("succeeded"));
  const Response again = knock("GET", "/tasks/" + std::string(task.at("id").get_string()));
  EXPECT_EQ(json_of(again).at("data"), task);
}

TEST_F(TaskMgmt, AnswersARepeatUnderItsKeyAsTheFirstTime) {
  const Pairs key = {{"idempotency-key", "k"}};
  const std::string body = R"({"type":"ipfs.addurl","params":{"url":"u"}})";
  const Response first = knock(request("POST", "/tasks", body, key));
  const Response again = knock(request("POST", "/tasks", body, key));
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(again.body, first.body);
  const std::string other = R"({"type":"ipfs.addurl","params":{"url":"v"}})";
  const Response reused = knock(request("POST", "/tasks", other, key));
  EXPECT_EQ(reused.status, 422);
  EXPECT_EQ(json_of(reused).at("meta").at("code"), 422);
  const Pairs second = {{"idempotency-key", "k2"}};
  const std::string added = knock(request("POST", "/ipfs/add?url=u", "", second)).body;
  EXPECT_EQ(knock(request("POST", "/ipfs/add?url=u", "", second)).body, added);
  EXPECT_EQ(knock(request("POST", "/ipfs/add?url=v", "", second)).status, 422);
  EXPECT_EQ(ledger_.page({})->tasks.size(), 2u);
  EXPECT_EQ(knock(request("POST", "/tasks", body, {{"idempotency-key", ""}})).status, 400);
}

TEST_F(TaskMgmt, TakesAUrlFromAForm) {
  const Pairs form = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  const Response added = knock(
      request("POST", "/ipfs/add?url=query", "x=1&url=https%3A%2F%2Fexample.org%2Fa+b", form));
  EXPECT_EQ(added.status, 200) << added.body;
  const auto body = json_of(added);
  EXPECT_EQ(body.at("meta").at("message"), "task successfully enqueued");
  EXPECT_EQ(body.at("data").at("params").at("url"), "https://example.org/a b");
  EXPECT_EQ(knock(request("POST", "/ipfs/add", "url=%zz", form)).status, 400);
}

TEST_F(TaskMgmt, RefusesInItsEnvelopeAlsoWhatNeverBecomesARequest) {
  const Response large = doors_.refusal(request("POST", "/tasks", ""), 413, "it is too large");
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(json_of(large).at("meta").at("error"), "it is too large");
  EXPECT_EQ(large.content_type, "application/json");
  const Response own = doors_.refusal(request("POST", "/v1/tasks", ""), 413, "it is too large");
  EXPECT_EQ(own.content_type, "application/problem+json");
  EXPECT_THAT(knock("POST", "/tasks", R"({"type":"a","type":"b"})").body, HasSubstr("two members"));
}

TEST_F(TaskMgmt, TakesTheNameThatItsOwnClientsStillUse) {
  EXPECT_EQ(knock("POST", "/tasks", R"({"type":"ipfs.add","params":{"url":"u"}})").status, 200);
  const Response added = knock("POST", "/ipfs/add?url=https%3A%2F%2Fexample.org");
  EXPECT_EQ(added.status, 200);
  EXPECT_EQ(json_of(added).at("data").at("params").at("url"), "https://example.org");
  EXPECT_EQ(knock("POST", "/ipfs/add").status, 400);
  EXPECT_EQ(knock("GET", "/ipfs/add?url=u").status, 403) << "any page can make a browser ask that";
  principals_ = {{"ann", {.name = "token:ann", .role = Role::submitter}}};
  EXPECT_EQ(knock(request("GET", "/ipfs/add?url=u", "", {{"authorization", "Bearer ann"}})).status,
            200);
}

TEST_F(TaskMgmt, SaysInItsWordsWhatIsWrong) {
  const Response unknown = knock("POST", "/tasks", R"({"type":"nothing"})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(json_of(unknown).at("meta").at("error"), "unrecognized task type: 'nothing'");
  EXPECT_FALSE(json_of(unknown).contains("data"));
  const Response unfit = knock("POST", "/tasks", R"({"type":"ipfs.addurl","params":{}})");
  EXPECT_EQ(unfit.status, 400);
  EXPECT_THAT(unfit.body, HasSubstr("Error creating task from JSON: "));
  for (const char* body :
       {"", "x", "[]", R"({"type":1})", R"({"type":"ipfs.addurl","params":3})"}) {
    EXPECT_EQ(knock("POST", "/tasks", body).status, 400) << body;
  }
  EXPECT_EQ(knock("GET", "/tasks/7").status, 404);
  EXPECT_EQ(knock("GET", "/tasks/01a21594-5ed2-7000-b9c8-a364aaec8fcb").status, 404);
  EXPECT_EQ(knock("DELETE", "/tasks").status, 404);
  const Response nowhere = knock("GET", "/nowhere");
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(nowhere.body, R"({ "status" :  "not found" })");
}

TEST_F(TaskMgmt, PagesByNumberNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(knock("POST", "/tasks",
                    R"({"type":"ipfs.addurl","params":{"url":")" + std::to_string(i) + R"("}})")
                  .status,
              200);
  }
  const auto page = json_of(knock("GET", "/tasks?pageSize=2&page=2&a=b"));
  ASSERT_EQ(page.at("data").get_array().size(), 2u);
  EXPECT_EQ(page.at("data").at(0).at("params").at("url"), "2");
  EXPECT_EQ(page.at("pagination").at("nextUrl"), "/tasks?a=b&page=3&pageSize=2");
  EXPECT_EQ(json_of(knock("GET", "/tasks?page=9")).at("data").get_array().size(), 0u);
  EXPECT_EQ(json_of(knock("GET", "/tasks?page=x&pageSize=-1")).at("data").get_array().size(), 5u);
  EXPECT_EQ(knock("GET", "/tasks?page=99999999").status, 400);
}

TEST_F(TaskMgmt, TellsHowATaskHasEnded) {
  const auto enqueue = [&] {
    const auto body =
        json_of(knock("POST", "/tasks", R"({"type":"ipfs.addurl","params":{"url":"u"}})"));
    return std::string(body.at("data").at("id").get_string());
  };
  const auto told = [&](const std::string& id) {
    return json_of(knock("GET", "/tasks/" + id)).at("data").get_object();
  };
  const std::string done = enqueue();
  const Task claimed = ledger_.claim({.worker = "w"})->front();
  const auto change = transition(claimed, event::Succeed{.fence = 1}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply({&*change, 1}));
  EXPECT_TRUE(told(done).contains("succeeded"));
  EXPECT_TRUE(told(done).contains("started"));
  const std::string cancelled = enqueue();
  EXPECT_EQ(post("/v1/tasks/" + cancelled + "/cancel", "{}").status, 200);
  EXPECT_TRUE(told(cancelled).contains("failed"));
  EXPECT_EQ(told(cancelled).at("error"), "Task Cancelled");
}

TEST_F(TaskMgmt, TellsOnAChannelOfATaskWithItsProgress) {
  const auto made = json_of(
      knock("POST", "/tasks", R"({"type":"ipfs.addurl","title":"t","params":{"url":"u"}})"));
  const std::string id(made.at("data").at("id").get_string());
  const auto told = [&](std::string_view progress) {
    const Task task = *ledger_.get(*parse_uuid(id));
    const ChannelMessage message = task_mgmt_message(task, progress);
    EXPECT_EQ(message.channel, "tasks." + id);
    auto body = json::parse(message.body)->get_object();
    EXPECT_EQ(body.at("title"), "t");
    EXPECT_EQ(body.at("params").at("url"), "u");
    return body.at("progress").get_object();
  };
  const auto nothing = told("");
  EXPECT_EQ(nothing.at("percent").as_double(), 0.0);
  EXPECT_EQ(nothing.at("steps"), 0);
  EXPECT_EQ(nothing.at("done"), false);
  EXPECT_FALSE(nothing.contains("error"));
  const auto own = told(R"({"percent":0.5,"step":2,"steps":4,"status":"pinning","dest":"/d"})");
  EXPECT_EQ(own.at("percent").as_double(), 0.5);
  EXPECT_EQ(own.at("step"), 2);
  EXPECT_EQ(own.at("steps"), 4);
  EXPECT_EQ(own.at("status"), "pinning");
  EXPECT_EQ(own.at("dest"), "/d");
  const auto translated = told(R"({"done":3,"of":12,"message":"third"})");
  EXPECT_EQ(translated.at("percent").as_double(), 0.25);
  EXPECT_EQ(translated.at("step"), 3);
  EXPECT_EQ(translated.at("steps"), 12);
  EXPECT_EQ(translated.at("status"), "third");
  // What a task says may be anything; what is told has its types.
  const auto odd = told(R"({"percent":7,"done":-1,"of":0,"step":1.5,"steps":"x","status":{}})");
  EXPECT_EQ(odd.at("percent").as_double(), 1.0);
  EXPECT_EQ(odd.at("step"), 0);
  EXPECT_EQ(odd.at("steps"), 0);
  EXPECT_EQ(odd.at("status"), "");
}

TEST_F(TaskMgmt, TellsOnAChannelHowATaskHasEnded) {
  Task task{.request = a_task(1), .status = {.state = State::succeeded}};
  auto progress = json::parse(task_mgmt_message(task, R"({"percent":0.9})").body)->at("progress");
  EXPECT_EQ(progress.at("done"), true);
  EXPECT_EQ(progress.at("percent").as_double(), 1.0);
  task.status = {.state = State::failed, .error = "no route"};
  const auto failed = *json::parse(task_mgmt_message(task, R"({"percent":0.9})").body);
  EXPECT_EQ(failed.at("error"), "no route");
  EXPECT_EQ(failed.at("progress").at("error"), boost::json::object());
  EXPECT_EQ(failed.at("progress").at("done"), false);
  EXPECT_EQ(failed.at("progress").at("percent").as_double(), 0.9);
}

TEST_F(TaskMgmt, AnswersPreflightsAndAsksForTokensAsTheApiDoes) {
  principals_ = {{"ann", {.name = "token:ann", .role = Role::viewer}}};
  Request preflight = request("OPTIONS", "/tasks", "", {{"origin", "https://app.example"}});
  const Response allowed = knock(preflight);
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(knock("GET", "/tasks").status, 401);
  EXPECT_EQ(knock(request("GET", "/tasks", "", {{"authorization", "Bearer ann"}})).status, 200);
  EXPECT_EQ(knock(request("POST", "/tasks", "{}", {{"authorization", "Bearer ann"}})).status, 403);
}

TEST_F(TaskMgmt, IsAliveAndLeavesAllElseToTheApi) {
  Response response;
  EXPECT_TRUE(doors_.answer_at_once(
      request("GET", "/healthcheck"), [] { return ServerCounts(); }, response));
  EXPECT_EQ(response.body, R"({ "status" : 200 })");
  EXPECT_EQ(knock("GET", "/v1/queues").status, 200);
  EXPECT_THAT(knock("GET", "/v1/nothing").body, HasSubstr("no-such-route"));
}

TEST_F(TaskMgmt, SaysInTheAuditLogWhoAddedATaskAndWhoMightNot) {
  principals_ = {{"ann", {.name = "token:ann", .role = Role::submitter}},
                 {"vic", {.name = "token:vic", .role = Role::viewer}}};
  const std::string body = R"({"type":"ipfs.addurl","params":{"url":"u"}})";
  const Response added = knock(request("POST", "/tasks", body, {{"authorization", "Bearer ann"}}));
  ASSERT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(knock(request("POST", "/tasks", body, {{"authorization", "Bearer vic"}})).status, 403);
  EXPECT_EQ(knock(request("GET", "/tasks", "", {{"authorization", "Bearer vic"}})).status, 200);
  ASSERT_TRUE(audit_.step({}));
  const auto page = audit_log_.page({.limit = 10});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 2u);
  EXPECT_EQ(page->entries[0].who, "token:vic");
  EXPECT_EQ(page->entries[0].outcome, AuditOutcome::refused);
  EXPECT_THAT(page->entries[0].reason, HasSubstr("viewer"));
  EXPECT_EQ(page->entries[1].who, "token:ann");
  EXPECT_EQ(page->entries[1].operation, "createTasks");
  EXPECT_EQ(page->entries[1].subject,
            std::string_view(json_of(added).at("data").at("id").get_string()));
}

}  // namespace
}  // namespace waybill::http
