#include "adapters/github/permissions.h"

#include <gtest/gtest.h>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill::github {
namespace {

using namespace std::chrono_literals;

class GithubPermissionsTest : public testing::Test {
 protected:
  /// With the person's own token.
  Result<RepositoryRole> ask(HttpResponse response) {
    return ask("", [response](const HttpRequest&) { return response; });
  }
  Result<RepositoryRole> ask_as_server(HttpResponse response) {
    return ask("ours", [response](const HttpRequest&) { return response; });
  }
  Result<RepositoryRole> ask(std::string server_token, FakeHttpClient::Answer answer) {
    FakeHttpClient http(std::move(answer));
    GithubPermissions permissions(http, clock_,
                                  {.api_url = "https://api.example", .server_token = server_token});
    const auto role = permissions.ask(
        {.repository = "acme/site", .login = "ann", .subject = "17", .token = "hers"}, {});
    requests_ = http.requests();
    return role;
  }
  void expect_unknown(const Result<RepositoryRole>& role, std::string_view word) {
    ASSERT_FALSE(role.has_value()) << to_string(*role);
    EXPECT_EQ(role.error().code, Code::unavailable);
    EXPECT_NE(role.error().message.find(word), std::string::npos) << role.error().message;
  }

  SimClock clock_;
  std::vector<HttpRequest> requests_;
};

HttpResponse answer(int status, std::string body, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST_F(GithubPermissionsTest, ARepositoryTellsItsReadersWhatTheyMay) {
  const auto with = [&](std::string permissions) {
    return ask(answer(200, R"({"private":false,"permissions":)" + permissions + "}"));
  };
  EXPECT_EQ(with(R"({"admin":false,"maintain":false,"push":true,"triage":true,"pull":true})"),
            RepositoryRole::write);
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].url, "https://api.example/repos/acme/site");
  EXPECT_EQ(requests_[0].headers.at(0).second, "Bearer hers");
  EXPECT_EQ(with(R"({"admin":true,"push":true,"pull":true})"), RepositoryRole::admin);
  EXPECT_EQ(with(R"({"maintain":true,"push":true,"pull":true})"), RepositoryRole::maintain);
  EXPECT_EQ(with(R"({"push":false,"triage":true,"pull":true})"), RepositoryRole::triage);
  EXPECT_EQ(with(R"({"admin":false,"push":false,"pull":true})"), RepositoryRole::read);
  EXPECT_EQ(with(R"({"admin":false,"push":false,"pull":false})"), RepositoryRole::none);
}

TEST_F(GithubPermissionsTest, WhatAPersonsTokenCannotSeeIsNotKnown) {
  for (const int status : {403, 404}) expect_unknown(ask(answer(status, "{}")), "acme/site");
  expect_unknown(ask(answer(200, R"({"full_name":"acme/site"})")), "does not say");
}

TEST_F(GithubPermissionsTest, TheRoleCountsBeforeTheCoarsePermission) {
  EXPECT_EQ(ask_as_server(answer(200, R"({"permission":"write","role_name":"maintain"})")),
            RepositoryRole::maintain);
  EXPECT_EQ(ask_as_server(answer(200, R"({"permission":"read","role_name":"our-own"})")),
            RepositoryRole::read);
  EXPECT_EQ(ask_as_server(answer(200, R"({"permission":"admin"})")), RepositoryRole::admin);
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].url, "https://api.example/repos/acme/site/collaborators/ann/permission");
  EXPECT_EQ(requests_[0].headers.at(0).second, "Bearer ours");
}

TEST_F(GithubPermissionsTest, ALoginThatIsAnothersByNowHasNoRight) {
  EXPECT_EQ(ask_as_server(answer(200, R"({"permission":"admin","user":{"id":18}})")),
            RepositoryRole::none);
  EXPECT_EQ(ask_as_server(answer(200, R"({"permission":"admin","user":{"id":17}})")),
            RepositoryRole::admin);
}

TEST_F(GithubPermissionsTest, ThatTheServersTokenMayNotAskSaysNothingAboutThePerson) {
  for (const int status : {401, 403, 404}) {
    expect_unknown(ask_as_server(answer(status, "{}")), "api_token_file");
  }
}

TEST_F(GithubPermissionsTest, AnAccountThatIsGoneHasNoRightWhereTheServerMayAsk) {
  const auto with = [&](std::string permissions) {
    return ask("ours", [permissions](const HttpRequest& request) {
      if (request.url.ends_with("/permission")) return answer(404, "{}");
      return answer(200, R"({"permissions":)" + permissions + "}");
    });
  };
  EXPECT_EQ(with(R"({"push":true,"pull":true})"), RepositoryRole::none);
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[1].url, "https://api.example/repos/acme/site");
  expect_unknown(with(R"({"push":false,"pull":true})"), "api_token_file");
}

TEST_F(GithubPermissionsTest, ARateLimitIsNoAnswer) {
  const std::string reset = std::to_string(to_micros(clock_.now()) / 1'000'000 + 60);
  for (const HttpResponse& limited :
       {answer(403, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}}),
        answer(429, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}}),
        answer(403, "{}", {{"retry-after", "60"}})}) {
    for (const auto& role : {ask(limited), ask_as_server(limited)}) {
      expect_unknown(role, "rate limit");
      EXPECT_EQ(role.error().retry_after, 60s);
    }
  }
  EXPECT_EQ(ask(answer(429, "{}")).error().retry_after, 5s);
}

TEST_F(GithubPermissionsTest, AnythingElseIsAnError) {
  EXPECT_EQ(ask(answer(401, "{}")).error().code, Code::unauthenticated);
  for (const HttpResponse& odd : {answer(500, ""), answer(200, "[]"), answer(200, "{}"),
                                  answer(301, ""), answer(200, R"({"permission":"boss"})")}) {
    expect_unknown(ask(odd), "GitHub");
    expect_unknown(ask_as_server(odd), "GitHub");
  }
}

}  // namespace
}  // namespace waybill::github
