#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;
using testing::HasSubstr;
using testing::Not;

class SecretsTest : public ApiFixture {
 protected:
  Response put(const std::string& name, std::string body, Pairs headers = {}) {
    return ask(request("PUT", "/v1/secrets/" + name, std::move(body), std::move(headers)));
  }
  void with_tokens() {
    principals_ = {{"op", {.name = "token:op", .role = Role::operator_}},
                   {"root", {.name = "token:root", .role = Role::admin}}};
  }
  static Pairs as(const std::string& token) { return {{"authorization", "Bearer " + token}}; }
};

TEST_F(SecretsTest, ASecretIsPutListedAndRemovedAndNeverAnswered) {
  const Response made = put("token", R"({"value":"hunter2"})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(json_of(made).at("name"), "token");
  EXPECT_THAT(made.body, Not(HasSubstr("hunter2")));
  EXPECT_EQ(put("token", R"({"value":"hunter3"})").status, 200);
  EXPECT_EQ(secrets_.secret("token"), "hunter3");
  const Response listed = get("/v1/secrets");
  ASSERT_EQ(json_of(listed).at("secrets").get_array().size(), 1U) << listed.body;
  EXPECT_THAT(listed.body, Not(HasSubstr("hunter")));
  EXPECT_THAT(listed.body, Not(HasSubstr("sealed")));
  EXPECT_EQ(ask(request("DELETE", "/v1/secrets/token")).status, 204);
  EXPECT_EQ(ask(request("DELETE", "/v1/secrets/token")).status, 404);
  EXPECT_EQ(get("/v1/secrets/token").status, 405);
}

TEST_F(SecretsTest, ARefusalDoesNotRepeatTheValue) {
  for (const std::string body :
       {R"({"value":"hunter2","more":1})", R"({"value":"hunter2\u0000"})",
        R"({"value":["hunter2"]})", R"({"value":"hunter2)", R"({"hunter2":"value"})"}) {
    const Response refused = put("token", body);
    EXPECT_EQ(refused.status, 400) << body;
  }
  const Response zero = put("token", R"({"value":"hunter2\u0000"})");
  EXPECT_THAT(zero.body, Not(HasSubstr("hunter2")));
  EXPECT_EQ(put("A%20name", R"({"value":"hunter2"})").status, 400);
  EXPECT_EQ(secrets_.list()->size(), 0U);
}

TEST_F(SecretsTest, OnlyAnAdminSeesOrChangesThem) {
  with_tokens();
  EXPECT_EQ(put("token", R"({"value":"hunter2"})", as("op")).status, 403);
  EXPECT_EQ(get("/v1/secrets", as("op")).status, 403);
  EXPECT_EQ(ask(request("DELETE", "/v1/secrets/token", "", as("op"))).status, 403);
  EXPECT_EQ(put("token", R"({"value":"hunter2"})", as("root")).status, 201);
  EXPECT_EQ(secrets_.record("token")->changed_by, "token:root");
}

TEST_F(SecretsTest, ATaskThatNamesASecretItselfTakesAnAdmin) {
  with_tokens();
  const std::string body =
      R"({"kind":"command","spec":{"shell":"echo $T | rev","secrets":{"T":"token"}}})";
  const Response refused = post("/v1/tasks", body, as("op"));
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_EQ(post("/v1/tasks", R"({"tasks":[)" + body + "]}", as("op")).status, 403);
  EXPECT_EQ(post("/v1/tasks", R"({"kind":"noop","spec":{"secrets":{}}})", as("op")).status, 201);
  EXPECT_EQ(post("/v1/tasks", body, as("root")).status, 201);
}

TEST_F(SecretsTest, ATaskThatSendsASecretToAServiceTakesAnAdmin) {
  with_tokens();
  const std::string body =
      R"({"kind":"ipfs.pin","spec":{"services":[{"url":"https://x","token_secret":"token"}]}})";
  const Response refused = post("/v1/tasks", body, as("op"));
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("takes an admin"));
}

TEST_F(SecretsTest, ATaskOfADefinitionThatNamesOneTakesNoAdmin) {
  with_tokens();
  definitions_["rev"] = {
      .name = "rev", .kind = "command", .spec = R"({"shell":"x","secrets":{"T":"token"}})"};
  EXPECT_EQ(post("/v1/tasks", R"({"definition":"rev"})", as("op")).status, 201);
}

/// A worker that has leased a task which names the secret "token".
class TaskSecretsTest : public SecretsTest {
 protected:
  TaskSecretsTest() {
    EXPECT_TRUE(secrets_.put("token", "hunter2", "me"));
    EXPECT_TRUE(secrets_.put("other", "classified", "me"));
    id_ = create(R"({"kind":"command","spec":{"command":["x"],"secrets":{"T":"token"}}})");
    EXPECT_EQ(post("/v1/claims", R"({"worker":"w"})").status, 200);
  }
  Response read(std::string body = R"({"worker":"w","fence":1})", Pairs headers = {}) {
    return post("/v1/tasks/" + id_ + "/secrets", std::move(body), std::move(headers));
  }
  Response read_from(const std::string& peer, bool over_tls) {
    Request asked = request("POST", "/v1/tasks/" + id_ + "/secrets", R"({"worker":"w","fence":1})");
    asked.peer = peer;
    asked.over_tls = over_tls;
    return ask(asked);
  }
  AuditEntry last_entry() {
    EXPECT_TRUE(audit_.step({}));
    const auto page = audit_log_.page({.filter = {.operation = "readTaskSecrets"}});
    return page->entries.empty() ? AuditEntry{} : page->entries.front();
  }

  std::string id_;
};

TEST_F(TaskSecretsTest, WhoHoldsTheLeaseIsGivenWhatTheTaskNamesAndNothingElse) {
  const Response given = read();
  ASSERT_EQ(given.status, 200) << given.body;
  const bj::object answer = json_of(given);
  const bj::array& secrets = answer.at("secrets").get_array();
  ASSERT_EQ(secrets.size(), 1U);
  EXPECT_EQ(secrets[0].at("name"), "token");
  EXPECT_EQ(secrets[0].at("value"), "aHVudGVyMg==");
  EXPECT_TRUE(secrets[0].at("problem").is_null());
  EXPECT_EQ(header(given, "Cache-Control"), "no-store");
  const Response refused = read(R"({"worker":"w","fence":1,"names":["token","other"]})");
  EXPECT_EQ(refused.status, 403) << refused.body;
}

TEST_F(TaskSecretsTest, WhatAKindSendsToAServiceIsGivenToItsWorker) {
  const std::string id = create(
      R"({"kind":"ipfs.pin","spec":{"services":[{"url":"https://x","token_secret":"token"}]}})");
  ASSERT_EQ(post("/v1/claims", R"({"worker":"w"})").status, 200);
  id_ = id;
  const Response given = read(R"({"worker":"w","fence":1,"names":["token"]})");
  ASSERT_EQ(given.status, 200) << given.body;
  EXPECT_EQ(json_of(given).at("secrets").get_array()[0].at("value"), "aHVudGVyMg==");
  EXPECT_EQ(read(R"({"worker":"w","fence":1,"names":["other"]})").status, 403);
}

TEST_F(TaskSecretsTest, WhoDoesNotHoldItIsGivenNone) {
  EXPECT_EQ(read(R"({"worker":"v","fence":1})").status, 409);
  EXPECT_EQ(read(R"({"worker":"w","fence":2})").status, 409);
  ASSERT_EQ(
      post("/v1/finishes", R"({"tasks":[{"id":")" + id_ + R"(","fence":1,"outcome":"succeeded"}]})")
          .status,
      200);
  EXPECT_EQ(read().status, 409);
}

TEST_F(TaskSecretsTest, OnlyRolesThatWorkAreGivenAny) {
  principals_ = {{"op", {.name = "token:op", .role = Role::operator_}},
                 {"w", {.name = "token:w", .role = Role::worker}}};
  EXPECT_EQ(read(R"({"worker":"w","fence":1})", as("op")).status, 403);
  EXPECT_EQ(read(R"({"worker":"w","fence":1})", as("w")).status, 200);
}

TEST_F(TaskSecretsTest, TheyCrossANetworkOnlyOverTls) {
  const Response refused = read_from("192.0.2.7", false);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("--tls-certificate-file"));
  EXPECT_EQ(read_from("192.0.2.7", true).status, 200);
  for (const char* peer : {"127.0.0.1", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(read_from(peer, false).status, 200) << peer;
  }
  EXPECT_EQ(read_from("", false).status, 403);
}

TEST_F(TaskSecretsTest, AProxyOnTheServersMachineHasToSayThatItWasAskedOverTls) {
  const std::string body = R"({"worker":"w","fence":1})";
  for (const char* name : {"x-forwarded-for", "forwarded", "via"}) {
    EXPECT_EQ(read(body, {{name, "192.0.2.7"}}).status, 403) << name;
    EXPECT_EQ(read(body, {{name, "192.0.2.7"}, {"x-forwarded-proto", "http"}}).status, 403);
    EXPECT_EQ(read(body, {{name, "192.0.2.7"}, {"x-forwarded-proto", "https"}}).status, 200);
  }
}

TEST_F(TaskSecretsTest, TheAuditLogSaysWhoReadWhichAndNeverWhatTheyAre) {
  read();
  AuditEntry entry = last_entry();
  EXPECT_EQ(entry.who, "local");
  EXPECT_EQ(entry.subject, id_);
  EXPECT_EQ(entry.reason, "token");
  EXPECT_EQ(entry.outcome, AuditOutcome::done);
  read(R"({"worker":"w","fence":1,"names":["other"]})");
  entry = last_entry();
  EXPECT_EQ(entry.outcome, AuditOutcome::refused);
  EXPECT_THAT(entry.reason, HasSubstr("other"));
}

TEST_F(TaskSecretsTest, TheAuditLogSaysWhoWasKeptOutOfThem) {
  principals_ = {{"op", {.name = "token:op", .role = Role::operator_}}};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read(R"({"worker":"w","fence":1})", as("op")).status, 403);
  AuditEntry entry = last_entry();
  EXPECT_EQ(entry.who, "token:op");
  EXPECT_EQ(entry.subject, id_);
  EXPECT_EQ(entry.outcome, AuditOutcome::refused);
  EXPECT_THAT(entry.reason, HasSubstr("readTaskSecrets needs the right to work"));
  EXPECT_EQ(read(R"({"worker":"w","fence":1})", as("stolen")).status, 401);
  EXPECT_EQ(read().status, 401);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(post("/v1/tasks/" + std::to_string(i) + "/secrets", R"({"worker":"w","fence":1})",
                   as("stolen"))
                  .status,
              401);
  }
  entry = last_entry();
  EXPECT_EQ(entry.who, "unknown");
  EXPECT_EQ(entry.from, "127.0.0.1");
  EXPECT_EQ(entry.outcome, AuditOutcome::refused);
  clock_.advance(std::chrono::minutes(1));
  entry = last_entry();
  EXPECT_EQ(entry.count, 101) << "those that came after it are one row";
  EXPECT_EQ(audit_log_.page({.filter = {.operation = "readTaskSecrets"}})->entries.size(), 4U);
}

TEST_F(TaskSecretsTest, NoAnswerIsKeptUnderAnIdempotencyKey) {
  const Pairs key = {{"idempotency-key", "k"}};
  EXPECT_THAT(read(R"({"worker":"w","fence":1})", key).body, HasSubstr("aHVudGVyMg=="));
  ASSERT_TRUE(secrets_.put("token", "hunter3", "me"));
  const Response again = read(R"({"worker":"w","fence":1})", key);
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body, Not(HasSubstr("aHVudGVyMg=="))) << "the first answer was kept";
}

TEST_F(TaskSecretsTest, ASecretThatIsGoneIsAProblemOfItsOwn) {
  ASSERT_TRUE(secrets_.remove("token"));
  const Response given = read();
  ASSERT_EQ(given.status, 200) << given.body;
  const bj::value secret = json_of(given).at("secrets").get_array()[0];
  EXPECT_TRUE(secret.at("value").is_null());
  EXPECT_EQ(secret.at("problem").at("status"), 404);
}

}  // namespace
}  // namespace waybill::http
