// Who is sent away with 429: who asks too often, and who comes with one wrong token after another.

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "http/api/gate.h"
#include "http/compat/task_mgmt.h"
#include "services/rate_limiter.h"
#include "services/wrong_tokens.h"
#include "testing/fake_people_store.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;

class LimitsTest : public ApiFixture {
 protected:
  LimitsTest() {
    principals_ = {{"good", {.name = "token:good", .role = Role::admin}},
                   {"other", {.name = "token:other", .role = Role::viewer}}};
    gate_.limits = &limits_;
    gate_.wrong_tokens = &wrong_tokens_;
    api_ = Api::create(parts_, metrics_, gate_).value();
  }
  static Pairs bearer(const std::string& token) { return {{"authorization", "Bearer " + token}}; }
  int status(const std::string& token) { return get("/v1/queues", bearer(token)).status; }
  static std::string type_of(const Response& response) {
    return std::string(json_of(response).at("type").get_string());
  }

  RateLimiter limits_{clock_, {.per_second = 1}};
  WrongTokens wrong_tokens_{clock_, {.told_max = 3}};
};

TEST_F(LimitsTest, WhoAsksTooOftenIsToldWhenToComeBackAndOthersAreNot) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status("good"), 200) << i;
  const Response response = get("/v1/queues", bearer("good"));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(type_of(response), "urn:waybill:problem:too-many-requests");
  EXPECT_EQ(header(response, "Retry-After"), "1");
  EXPECT_EQ(status("other"), 200);
  clock_.advance(1s);
  EXPECT_EQ(status("good"), 200);
}

TEST_F(LimitsTest, ALongPollCountsOnce) {
  Request claim = request("POST", "/v1/claims", R"({"worker":"w","queues":["q"],"wait":"30s"})",
                          bearer("good"));
  ASSERT_TRUE(std::holds_alternative<Later>(api_->handle(claim)));
  claim.counted = true;  // as the server says when it asks again
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(std::holds_alternative<Later>(api_->handle(claim))) << i;
  for (int i = 0; i < 9; ++i) EXPECT_EQ(status("good"), 200) << i;
  EXPECT_EQ(status("good"), 429);
}

TEST_F(LimitsTest, ThePredecessorsDoorsCountToo) {
  TaskMgmtDoors doors(parts_, gate_, *api_);
  const Request list = request("GET", "/tasks", "", bearer("good"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(std::get<Response>(doors.handle(list)).status, 200) << i;
  }
  const Response response = std::get<Response>(doors.handle(list));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(header(response, "Retry-After"), "1");
}

TEST_F(LimitsTest, WhereNobodyIsAskedNothingIsCounted) {
  principals_.clear();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(get("/v1/queues").status, 200) << i;
}

TEST_F(LimitsTest, WhoComesWithWrongTokensIsSentAwayAndThoseBesideItAreNot) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status("wrong"), 401) << i;
  const Response response = get("/v1/queues", bearer("wrong"));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(type_of(response), "urn:waybill:problem:too-many-wrong-tokens");
  EXPECT_EQ(header(response, "Retry-After"), "60");
  EXPECT_EQ(status("good"), 200) << "of the same address";
  Request elsewhere = request("GET", "/v1/queues", "", bearer("wrong"));
  elsewhere.peer = "192.0.2.7";
  EXPECT_EQ(ask(elsewhere).status, 401);
  clock_.advance(1min);
  EXPECT_EQ(status("wrong"), 401);
}

TEST_F(LimitsTest, AlsoWhoIsSlowedIsKeptAsRefusedOfSecrets) {
  principals_["good"] = {.name = "token:good", .role = Role::operator_};
  const std::string id = json_of(post("/v1/tasks", R"({"kind":"noop"})", bearer("good")))
                             .at("task")
                             .at("id")
                             .as_string()
                             .c_str();
  const auto secrets = [&] {
    return post("/v1/tasks/" + id + "/secrets", R"({"worker":"w","fence":1})", bearer("wrong"))
        .status;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(secrets(), 401) << i;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(secrets(), 429) << i;
  clock_.advance(1min);
  ASSERT_TRUE(audit_.step({}));
  std::int64_t count = 0;
  const auto page = audit_log_.page({.filter = {.operation = "readTaskSecrets"}});
  for (const AuditEntry& entry : page->entries) {
    EXPECT_EQ(entry.outcome, AuditOutcome::refused);
    count += entry.count;
  }
  EXPECT_EQ(count, 5);
}

TEST_F(LimitsTest, WrongSessionsDoNotEachReadTheLedgerAndRightOnesAreLetIn) {
  FakePeopleStore people;
  LoginDeskParams params;
  params.settings.base_url = "https://w.example";
  params.settings.providers = {{.name = "github"}};
  params.settings.default_role = Role::viewer;
  params.random_bytes = [](std::size_t count) { return std::string(count, 'r'); };
  LoginDesk logins(people, clock_, params);
  gate_.logins = &logins;
  api_ = Api::create(parts_, metrics_, gate_).value();
  const std::string right(64, 'a');
  const Identity ann{.provider = "github", .subject = "17", .login = "ann"};
  ASSERT_TRUE(people.put_person({.name = "github:ann", .identity = ann}));
  const std::string hash = session_hash(right);
  ASSERT_TRUE(people.put_session({.id = session_id(hash),
                                  .hash = hash,
                                  .person = "github:ann",
                                  .created_at = clock_.now(),
                                  .seen_at = clock_.now(),
                                  .ends_at = clock_.now() + 1h}));
  const auto status_of = [&](const std::string& secret) {
    return get("/v1/queues", {{"cookie", "__Host-waybill-session=" + secret}}).status;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(std::string(64, 'b')), 401) << i;
  EXPECT_EQ(status_of(std::string(64, 'b')), 429);
  const std::size_t before = people.reads();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(status_of(std::string(64, 'b')), 429) << i;
  EXPECT_EQ(people.reads(), before + 1);
  EXPECT_EQ(status_of(right), 200) << "of the same address";
}

TEST_F(LimitsTest, WhatAnotherServerChangesIsSeenInTwoSecondsAlsoFromASlowedAddress) {
  FakePeopleStore people;
  LoginDeskParams params;
  params.settings.base_url = "https://w.example";
  params.settings.providers = {{.name = "github"}};
  params.settings.people = {{.provider = "github", .login = "ann", .role = Role::operator_}};
  params.random_bytes = [](std::size_t count) { return std::string(count, 'r'); };
  LoginDesk logins(people, clock_, params);
  gate_.logins = &logins;
  api_ = Api::create(parts_, metrics_, gate_).value();
  const auto status_of = [&](const std::string& secret) {
    return get("/v1/queues", {{"cookie", "__Host-waybill-session=" + secret}}).status;
  };
  for (int i = 0; i < 4; ++i) status_of(std::string(64, 'b'));
  ASSERT_EQ(status_of(std::string(64, 'b')), 429);
  // Others write to the same store.
  const Identity ann{.provider = "github", .subject = "17", .login = "ann"};
  ASSERT_TRUE(people.put_person({.name = "github:ann", .identity = ann}));
  const std::string right(64, 'a');
  const std::string hash = session_hash(right);
  ASSERT_TRUE(people.put_session({.id = session_id(hash),
                                  .hash = hash,
                                  .person = "github:ann",
                                  .created_at = clock_.now(),
                                  .seen_at = clock_.now(),
                                  .ends_at = clock_.now() + 1h}));
  clock_.advance(2s);
  EXPECT_EQ(status_of(right), 200) << "opened";
  ASSERT_TRUE(people.put_person(
      {.name = "github:ann", .identity = {.provider = "github", .subject = "17", .login = "bob"}}));
  EXPECT_EQ(status_of(right), 403) << "another right, at once";
  ASSERT_TRUE(people.put_person({.name = "github:ann", .identity = ann}));
  EXPECT_EQ(status_of(right), 200);
  ASSERT_TRUE(people.revoke_session(session_id(hash), clock_.now()));
  EXPECT_EQ(status_of(right), 429) << "ended, at once: it is a wrong one from now on";
}

TEST_F(LimitsTest, WhoShowsNothingHasNoWrongToken) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/v1/queues").status, 401) << i;
  EXPECT_EQ(status("wrong"), 401);
}

TEST_F(LimitsTest, MetricsSayHowManyWereSentAway) {
  metrics_.also([this](auto& samples) { add_sent_away(limits_, wrong_tokens_, samples); });
  for (int i = 0; i < 12; ++i) status("good");
  for (int i = 0; i < 4; ++i) status("wrong");
  const std::string text = metrics_.text({});
  EXPECT_THAT(text, testing::HasSubstr("waybill_http_sent_away_total{why=\"rate_limit\"} 2\n"));
  EXPECT_THAT(text, testing::HasSubstr("waybill_http_sent_away_total{why=\"wrong_tokens\"} 1\n"));
}

class StreamsTest : public LimitsTest {
 protected:
  std::shared_ptr<BodyStream> open(const std::string& target, const std::string& token) {
    const Response response = get(target, bearer(token));
    EXPECT_EQ(response.status, 200) << response.body;
    return response.stream;
  }
  static bool has_ended(BodyStream& stream) {
    char buffer[1024];
    std::size_t got = 0;
    for (;;) {
      const auto read = stream.read(
          buffer, sizeof buffer, got, [] {}, [] {});
      if (read != BodyStream::Read::some) return read == BodyStream::Read::ended;
    }
  }
  void look() { ASSERT_TRUE(api_->streams().step({}).has_value()); }
};

TEST_F(StreamsTest, EndWhenTheTokenIsRevoked) {
  const Response made = post("/v1/tasks", R"({"kind":"noop"})", bearer("good"));
  const std::string task(json_of(made).at("task").at("id").get_string());
  const auto events = open("/v1/events", "other");
  const auto log = open("/v1/tasks/" + task + "/logs/stream", "other");
  const auto of_another = open("/v1/events", "good");
  look();
  EXPECT_FALSE(has_ended(*events));
  principals_.erase("other");
  look();
  EXPECT_TRUE(has_ended(*events));
  EXPECT_TRUE(has_ended(*log));
  EXPECT_FALSE(has_ended(*of_another));
  EXPECT_EQ(events->error().value().code, Code::unauthenticated);
}

TEST_F(StreamsTest, ThatAreOpenCountAsNothing) {
  const auto events = open("/v1/events", "good");
  for (int i = 0; i < 100; ++i) look();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(status("good"), 200) << i;
  EXPECT_EQ(status("good"), 429);
  EXPECT_FALSE(has_ended(*events));
}

TEST_F(StreamsTest, OfThoseWhoWereNotAskedEndOnceATokenIsAskedFor) {
  const auto tokens = std::exchange(principals_, {});
  const auto events = get("/v1/events").stream;
  look();
  EXPECT_FALSE(has_ended(*events));
  principals_ = tokens;
  look();
  EXPECT_TRUE(has_ended(*events));
}

}  // namespace
}  // namespace waybill::http
