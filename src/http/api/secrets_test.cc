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

TEST_F(SecretsTest, ATaskOfADefinitionThatNamesOneTakesNoAdmin) {
  with_tokens();
  definitions_["rev"] = {
      .name = "rev", .kind = "command", .spec = R"({"shell":"x","secrets":{"T":"token"}})"};
  EXPECT_EQ(post("/v1/tasks", R"({"definition":"rev"})", as("op")).status, 201);
}

}  // namespace
}  // namespace waybill::http
