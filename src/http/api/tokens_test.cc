#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The text of the first token that is made: its random bytes are all 'a'.
std::string first_text() { return to_string(make_api_token(std::string(kTokenRandomBytes, 'a'))); }

class TokensTest : public ApiFixture {
 protected:
  TokensTest() {
    principals_ = {
        {"op", {.name = "token:op", .role = Role::operator_, .token_id = "00000001"}},
        {"root", {.name = "token:root", .role = Role::admin, .token_id = "00000002"}},
        {first_text(), {.name = "token:ci", .role = Role::admin, .token_id = "61616161"}}};
  }
  static Pairs as(const std::string& token, const std::string& key = "") {
    Pairs headers = {{"authorization", "Bearer " + token}};
    if (!key.empty()) headers.emplace_back("idempotency-key", key);
    return headers;
  }
  Response make(const std::string& body, const Pairs& headers = as("root")) {
    return post("/v1/tokens", body, headers);
  }
  Response revoke(const std::string& token, const Pairs& headers = as("root")) {
    return ask(request("DELETE", "/v1/tokens/" + token, "", headers));
  }
  AuditEntry last_entry() {
    EXPECT_TRUE(audit_.step({}).has_value());
    const auto page = audit_log_.page({.limit = 1});
    return page->entries.empty() ? AuditEntry{} : page->entries.front();
  }
};

TEST_F(TokensTest, ATokenIsShownOnceListedAndRevoked) {
  const Response made = make(R"({"name":"ci","role":"submitter","expires":"90d","rate_limit":7})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(json_of(made).at("secret").as_string(), first_text());
  const bj::value token = json_of(made).at("token");
  EXPECT_EQ(token.at("id"), "61616161");
  EXPECT_EQ(token.at("created_by"), "token:root");
  EXPECT_EQ(token.at("rate_limit"), 7);
  const Response listed = get("/v1/tokens", as("root"));
  ASSERT_EQ(json_of(listed).at("tokens").get_array().size(), 1U);
  EXPECT_EQ(json_of(listed).at("tokens").get_array()[0], token);
  EXPECT_THAT(listed.body, AllOf(Not(HasSubstr("wb_")), Not(HasSubstr("hash"))));
  const TokenRecord kept = token_store_.list()->front();
  EXPECT_EQ(kept.hash, hash_of(*parse_api_token(first_text())));
  EXPECT_EQ(kept.expires_at - kept.created_at, std::chrono::hours(24 * 90));
  const Response revoked = revoke("ci");
  EXPECT_EQ(revoked.status, 200);
  EXPECT_EQ(json_of(revoked).at("state"), "revoked");
  EXPECT_EQ(revoke("61616161").body, revoked.body) << "fine to repeat";
  EXPECT_EQ(revoke("other").status, 404);
  EXPECT_EQ(make(R"({"name":"ci","role":"viewer"})").status, 201) << "the name is free again";
}

TEST_F(TokensTest, OnlyAnAdminLooksOrMakesOrRevokes) {
  EXPECT_EQ(get("/v1/tokens", as("op")).status, 403);
  EXPECT_EQ(make(R"({"name":"x","role":"viewer"})", as("op")).status, 403);
  EXPECT_EQ(revoke("ci", as("op")).status, 403);
  EXPECT_EQ(get("/v1/sessions", as("op")).status, 403);
  EXPECT_EQ(ask(request("DELETE", "/v1/sessions/github:ann", "", as("op"))).status, 403);
  EXPECT_TRUE(token_store_.list()->empty());
}

TEST_F(TokensTest, WhatCannotBeIsRefusedWithASentenceThatHelps) {
  for (const auto& [body, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"name":"5f0c12ab","role":"viewer"})", "taken for the id"},
           {R"({"name":"x","role":"root"})", "/role"},
           {R"({"name":"x"})", "role"},
           {R"({"name":"A b","role":"viewer"})", "/name"},
           {R"({"name":"x","role":"viewer","expires":"0s"})", "leave it out"},
           {R"({"name":"x","role":"viewer","expires":"40000d"})", "/expires"},
           {R"({"name":"x","role":"viewer","expires":"-1d"})", "/expires"},
           {R"({"name":"x","role":"viewer","rate_limit":0})", "/rate_limit"}}) {
    const Response refused = make(body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_THAT(refused.body, HasSubstr(why));
  }
  ASSERT_EQ(make(R"({"name":"ci","role":"viewer"})").status, 201);
  const Response taken = make(R"({"name":"ci","role":"viewer"})");
  EXPECT_EQ(taken.status, 409);
  EXPECT_THAT(taken.body, HasSubstr("ci (62626262)"));
}

TEST_F(TokensTest, ARepeatedRequestMakesNoSecondOneAndIsShownNoSecret) {
  const std::string body = R"({"name":"ci","role":"submitter"})";
  ASSERT_EQ(make(body, as("root", "k")).status, 201);
  const Response again = make(body, as("root", "k"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_TRUE(json_of(again).at("secret").is_null());
  EXPECT_EQ(json_of(again).at("token").at("id"), "61616161");
  EXPECT_EQ(token_store_.list()->size(), 1U);
  EXPECT_EQ(make(R"({"name":"ci2","role":"submitter"})", as("root", "k")).status, 422);
}

TEST_F(TokensTest, WhoRevokesTheTokenInUseIsToldSo) {
  ASSERT_EQ(make(R"({"name":"ci","role":"admin"})").status, 201);
  EXPECT_EQ(json_of(get("/v1/tokens", as("root"))).at("tokens").get_array()[0].at("current"),
            false);
  EXPECT_EQ(json_of(get("/v1/tokens", as(first_text()))).at("tokens").get_array()[0].at("current"),
            true);
  EXPECT_EQ(json_of(revoke("ci", as(first_text()))).at("current"), true);
}

TEST_F(TokensTest, TheAuditLogNamesTheTokenAndNeverItsText) {
  ASSERT_EQ(make(R"({"name":"ci","role":"submitter"})").status, 201);
  AuditEntry entry = last_entry();
  EXPECT_EQ(entry.operation, "createToken");
  EXPECT_EQ(entry.who, "token:root");
  EXPECT_EQ(entry.subject, "ci (61616161)");
  ASSERT_EQ(revoke(first_text()).status, 200) << "a whole token, as it turned up somewhere";
  entry = last_entry();
  EXPECT_EQ(entry.operation, "revokeToken");
  EXPECT_EQ(entry.subject, "ci (61616161)");
  EXPECT_EQ(revoke(first_text(), as("op")).status, 403);
  entry = last_entry();
  EXPECT_EQ(entry.outcome, AuditOutcome::refused);
  EXPECT_EQ(entry.subject, "61616161");
}

TEST_F(TokensTest, TheFirstTokenOfAnOpenServerIsAnAdmins) {
  principals_.clear();
  const Response refused = post("/v1/tokens", R"({"name":"ci","role":"submitter"})");
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("asks everybody"));
  EXPECT_EQ(post("/v1/tokens", R"({"name":"root","role":"admin"})").status, 201);
  EXPECT_EQ(post("/v1/tokens", R"({"name":"ci","role":"submitter"})").status, 201)
      << "with --insecure nobody is asked, tokens or not";
}

TEST_F(TokensTest, SessionsAreListedAndEnded) {
  const auto person =
      people_.put_person({.identity = {.provider = "github", .subject = "17", .login = "ann"},
                          .first_seen_at = clock_.now(),
                          .logged_in_at = clock_.now()});
  for (const char digit : {'1', '2'}) {
    ASSERT_TRUE(people_.put_session({.id = std::string(kSessionIdDigits, digit),
                                     .hash = std::string(32, digit),
                                     .person = person->name,
                                     .created_at = clock_.now(),
                                     .seen_at = clock_.now(),
                                     .ends_at = clock_.now() + std::chrono::hours(1),
                                     .seen_from = "192.0.2.7"}));
  }
  const Response listed = get("/v1/sessions", as("root"));
  ASSERT_EQ(listed.status, 200) << listed.body;
  const bj::value first = json_of(listed).at("sessions").get_array().at(0);
  EXPECT_EQ(first.at("person"), "github:ann");
  EXPECT_EQ(first.at("seen_from"), "192.0.2.7");
  EXPECT_EQ(first.at("state"), "active");
  EXPECT_THAT(listed.body, Not(HasSubstr("hash")));
  const std::string one(kSessionIdDigits, '1');
  const Response ended = ask(request("DELETE", "/v1/sessions/" + one, "", as("root")));
  ASSERT_EQ(ended.status, 200) << ended.body;
  EXPECT_EQ(json_of(ended).at("sessions").get_array().at(0).at("state"), "revoked");
  EXPECT_EQ(last_entry().subject, one + " of github:ann");
  const Response rest = ask(request("DELETE", "/v1/sessions/github:ann", "", as("root")));
  EXPECT_EQ(json_of(rest).at("sessions").get_array().size(), 1U);
  EXPECT_EQ(last_entry().subject, "github:ann");
  EXPECT_EQ(ask(request("DELETE", "/v1/sessions/github:ann", "", as("root"))).status, 404);
}

}  // namespace
}  // namespace waybill::http
