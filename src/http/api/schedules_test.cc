// Schedules over the API.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/builders.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class SchedulesTest : public ApiFixture {
 protected:
  SchedulesTest() {
    schedule_ = {.name = "nightly",
                 .cron = "*/10 * * * *",
                 .task = a_task(1).params(R"({"n":1})").label("a", "b"),
                 .source = "defs/a.yaml",
                 .handled_until = clock_.now()};
    schedule_.task.id = {};
    schedule_.task.created_by = "schedule:nightly";
    EXPECT_TRUE(ledger_.put_schedule(schedule_));
  }
  bj::object shown(const std::string& query = "") {
    const Response response = get("/v1/schedules/nightly" + query);
    EXPECT_EQ(response.status, 200) << response.body;
    return json_of(response);
  }

  Schedule schedule_;
};

TEST_F(SchedulesTest, OneIsShownWithItsNextTimes) {
  EXPECT_EQ(shown().at("next_fires").as_array().size(), 1u);
  const bj::object schedule = shown("?next=3");
  ASSERT_EQ(schedule.at("next_fires").as_array().size(), 3u);
  EXPECT_EQ(schedule.at("next_fires").at(0), schedule.at("next"));
  EXPECT_EQ(schedule.at("next_fires").at(2), "2026-11-22T12:30:00Z");
  EXPECT_EQ(schedule.at("pause"), nullptr);
  EXPECT_EQ(get("/v1/schedules/nightly?next=101").status, 400);
  const Response unknown = get("/v1/schedules/nigtly");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("did you mean \\\"nightly\\\"?"));
  const Response list = get("/v1/schedules?next=2");
  EXPECT_EQ(json_of(list).at("schedules").at(0).at("next_fires").as_array().size(), 2u);
  const std::string etag = header(get("/v1/schedules/nightly"), "ETag");
  EXPECT_EQ(get("/v1/schedules/nightly", {{"if-none-match", etag}}).status, 304);
}

TEST_F(SchedulesTest, APauseSaysByWhomAndWhyAndOutlivesItsDefinition) {
  const Response paused = post("/v1/schedules/nightly/pause", R"({"reason":"the disk is full"})");
  EXPECT_EQ(paused.status, 200) << paused.body;
  ASSERT_TRUE(ledger_.put_schedule(schedule_));
  const bj::object schedule = shown("?next=5");
  EXPECT_EQ(schedule.at("paused"), true);
  EXPECT_EQ(schedule.at("pause").at("by"), "local");
  EXPECT_EQ(schedule.at("pause").at("reason"), "the disk is full");
  EXPECT_EQ(schedule.at("next"), nullptr);
  EXPECT_TRUE(schedule.at("next_fires").as_array().empty());
  const auto entries = audit_log_.page({.filter = {.operation = "pauseSchedule"}});
  ASSERT_EQ(entries->entries.size(), 1u);
  EXPECT_EQ(entries->entries[0].subject, "nightly");
  clock_.advance(1h);
  EXPECT_EQ(post("/v1/schedules/nightly/resume", "").status, 200);
  EXPECT_EQ(shown().at("next"), "2026-11-22T13:10:00Z") << "nothing is owed for that time";
  EXPECT_EQ(post("/v1/schedules/nightly/resume", "{}").status, 200) << "fine to repeat";
}

TEST_F(SchedulesTest, OneThatItsDefinitionPausesIsNotResumed) {
  schedule_.paused = true;
  ASSERT_TRUE(ledger_.put_schedule(schedule_));
  EXPECT_EQ(shown().at("pause").at("by"), "defs/a.yaml");
  const Response resumed = post("/v1/schedules/nightly/resume", "");
  EXPECT_EQ(resumed.status, 409);
  EXPECT_THAT(resumed.body, HasSubstr("defs/a.yaml"));
}

TEST_F(SchedulesTest, ItsTaskIsMadeNowForWhoAsks) {
  EXPECT_EQ(post("/v1/schedules/nightly/pause", "").status, 200);
  const Response made =
      post("/v1/schedules/nightly/run", "",
           {{"idempotency-key", "k"},
            {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const bj::object task = json_of(made).at("task").as_object();
  EXPECT_EQ(header(made, "Location"), "/v1/tasks/" + std::string(task.at("id").as_string()));
  EXPECT_EQ(task.at("created_by"), "local");
  EXPECT_EQ(task.at("params").at("n"), 1);
  EXPECT_EQ(task.at("labels").at("a"), "b");
  EXPECT_TRUE(task.at("labels").as_object().contains("traceparent"));
  EXPECT_EQ(task.at("dedup_key"), nullptr);
  EXPECT_EQ(shown().at("handled_until"), "2026-11-22T12:00:00Z");
  const Response again = post("/v1/schedules/nightly/run", "", {{"idempotency-key", "k"}});
  EXPECT_EQ(json_of(again).at("task").at("id"), task.at("id"));
  EXPECT_EQ(post("/v1/schedules/nightly/run", "").status, 201);
  EXPECT_EQ(ledger_.page({.limit = 10})->tasks.size(), 2u);
}

TEST_F(SchedulesTest, ATaskWhoseFirstAnswerWasLostIsNotMadeTwice) {
  const Pairs key = {{"idempotency-key", "k"}};
  const Response made = post("/v1/schedules/nightly/run", "", key);
  ASSERT_EQ(made.status, 201);
  FirstAnswers forgotten;
  const ApiParts parts{.ledger = {ledger_, ledger_, ledger_},
                       .logs = logs_,
                       .clock = clock_,
                       .definitions = always(all_),
                       .kinds = {},
                       .check_task = {},
                       .new_id = [this] { return ids_.next(clock_.now()); },
                       .chance = [] { return 0.0; },
                       .feed = feed_,
                       .first_answers = forgotten};
  api_ = Api::create(parts, metrics_, gate_).value();
  const Response again = post("/v1/schedules/nightly/run", "", key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(json_of(again).at("task").at("id"), json_of(made).at("task").at("id"));
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop"})", key).status, 422);
  api_.reset();
}

TEST_F(SchedulesTest, ChangingThemTakesAnOperator) {
  principals_["sub"] = {.name = "token:sub", .role = Role::submitter};
  principals_["op"] = {.name = "token:op", .role = Role::operator_};
  for (const char* verb : {"pause", "resume", "run"}) {
    const std::string target = "/v1/schedules/nightly/" + std::string(verb);
    EXPECT_EQ(post(target, "", {{"authorization", "Bearer sub"}}).status, 403) << verb;
    EXPECT_LE(post(target, "", {{"authorization", "Bearer op"}}).status, 201) << verb;
  }
  EXPECT_EQ(get("/v1/schedules/nightly", {{"authorization", "Bearer sub"}}).status, 200);
}

}  // namespace
}  // namespace waybill::http
