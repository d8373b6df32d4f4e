#include "adapters/github/permissions.h"

#include <gtest/gtest.h>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill::github {
namespace {

using namespace std::chrono_literals;

class GithubPermissionsTest : public testing::Test {
 protected:
  Result<RepositoryRole> ask(HttpResponse response, std::string server_token = "") {
    FakeHttpClient http([&](const HttpRequest&) { return response; });
    GithubPermissions permissions(http, clock_,
                                  {.api_url = "https://api.example", .server_token = server_token});
    const auto role = permissions.ask(
        {.repository = "acme/site", .login = "ann", .subject = "17", .token = "hers"}, {});
    requests_ = http.requests();
    return role;
  }

  SimClock clock_;
  std::vector<HttpRequest> requests_;
};

HttpResponse answer(int status, std::string body, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST_F(GithubPermissionsTest, TheRoleCountsBeforeTheCoarsePermission) {
  EXPECT_EQ(ask(answer(200, R"({"permission":"write","role_name":"maintain"})")),
            RepositoryRole::maintain);
  EXPECT_EQ(ask(answer(200, R"({"permission":"read","role_name":"our-own"})")),
            RepositoryRole::read);
  EXPECT_EQ(ask(answer(200, R"({"permission":"admin"})")), RepositoryRole::admin);
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].url, "https://api.example/repos/acme/site/collaborators/ann/permission");
}

TEST_F(GithubPermissionsTest, TheServersTokenAsksIfThereIsOne) {
  const auto authorization = [&] { return requests_.at(0).headers.at(0).second; };
  EXPECT_TRUE(ask(answer(404, "{}")));
  EXPECT_EQ(authorization(), "Bearer hers");
  EXPECT_TRUE(ask(answer(404, "{}"), "ours"));
  EXPECT_EQ(authorization(), "Bearer ours");
}

TEST_F(GithubPermissionsTest, ALoginThatIsAnothersByNowHasNoRight) {
  EXPECT_EQ(ask(answer(200, R"({"permission":"admin","user":{"id":18}})")), RepositoryRole::none);
  EXPECT_EQ(ask(answer(200, R"({"permission":"admin","user":{"id":17}})")), RepositoryRole::admin);
}

TEST_F(GithubPermissionsTest, WhatCannotBeSeenIsNoRight) {
  EXPECT_EQ(ask(answer(404, "{}")), RepositoryRole::none);
  EXPECT_EQ(ask(answer(403, "{}")), RepositoryRole::none);
}

TEST_F(GithubPermissionsTest, ThatTheServersTokenMayNotAskSaysNothingAboutThePerson) {
  const auto role = ask(answer(403, "{}"), "ours");
  ASSERT_FALSE(role.has_value());
  EXPECT_EQ(role.error().code, Code::unavailable);
  EXPECT_NE(role.error().message.find("api_token_file"), std::string::npos);
}

TEST_F(GithubPermissionsTest, ARateLimitIsNoAnswer) {
  const std::string reset = std::to_string(to_micros(clock_.now()) / 1'000'000 + 60);
  for (const HttpResponse& limited :
       {answer(403, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}}),
        answer(429, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}}),
        answer(403, "{}", {{"retry-after", "60"}})}) {
    const auto role = ask(limited);
    ASSERT_FALSE(role.has_value());
    EXPECT_EQ(role.error().code, Code::unavailable);
    EXPECT_EQ(role.error().retry_after, 60s);
  }
  EXPECT_EQ(ask(answer(429, "{}")).error().retry_after, 5s);
}

TEST_F(GithubPermissionsTest, AnythingElseIsAnError) {
  EXPECT_EQ(ask(answer(401, "{}")).error().code, Code::unauthenticated);
  for (const HttpResponse& odd : {answer(500, ""), answer(200, "[]"), answer(200, "{}"),
                                  answer(301, ""), answer(200, R"({"permission":"boss"})")}) {
    EXPECT_EQ(ask(odd).error().code, Code::unavailable) << odd.status << odd.body;
  }
}

}  // namespace
}  // namespace waybill::github
