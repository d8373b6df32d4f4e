#include "apps/waybill/runtime/clouds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill::cli {
namespace {

using testing::HasSubstr;

TEST(Clouds, TakeOnARoleUnderTheNameOfWhoAsks) {
  const TemporaryDirectory directory;
  const std::string token = directory.path() + "/token";
  std::ofstream(token) << "a-token";
  SimClock clock;
  FakeHttpClient http([](const HttpRequest&) { return fail(Code::permission_denied, "no"); });
  Clouds clouds(http, clock, {{"AWS_WEB_IDENTITY_TOKEN_FILE", token}, {"AWS_REGION", "us-east-1"}},
                "waybill-worker");
  EXPECT_FALSE(clouds.credentials("arn:r", "eu-west-3").credentials({.at = kSteadyTimeMax}));
  ASSERT_FALSE(http.requests().empty());
  const HttpRequest request = http.requests().front();
  EXPECT_THAT(request.url + request.body, HasSubstr("RoleSessionName=waybill-worker&"));
  EXPECT_EQ(request.url, "https://sts.us-east-1.amazonaws.com/");
}

TEST(Clouds, AskForARoleWhereItIsNeededIfNoRegionIsSet) {
  const TemporaryDirectory directory;
  const std::string token = directory.path() + "/token";
  std::ofstream(token) << "a-token";
  SimClock clock;
  FakeHttpClient http([](const HttpRequest&) { return fail(Code::permission_denied, "no"); });
  Clouds clouds(http, clock,
                {{"AWS_WEB_IDENTITY_TOKEN_FILE", token}, {"AWS_ROLE_ARN", "arn:ambient"}},
                "waybill");
  for (const char* role : {"arn:r", ""}) {
    EXPECT_FALSE(clouds.credentials(role, "eu-west-3").credentials({.at = kSteadyTimeMax}));
    ASSERT_FALSE(http.requests().empty());
    EXPECT_EQ(http.requests().back().url, "https://sts.eu-west-3.amazonaws.com/") << role;
  }
  EXPECT_EQ(http.requests().size(), 2u);
}

TEST(Clouds, RepeatWhatIsRefusedForThisMomentOnly) {
  struct Case {
    int status;
    std::string body;
    bool repeated;
  };
  const auto xml = [](const std::string& name) {
    return "<ErrorResponse><Error><Type>Sender</Type><Code>" + name +
           "</Code></Error></ErrorResponse>";
  };
  const Case cases[] = {
      {400, xml("Throttling"), true},
      {400, xml("IDPCommunicationError"), true},
      {400, xml("InvalidIdentityToken"), true},
      {400, "<Error><Code>RequestTimeout</Code></Error>", true},
      {400, R"({"__type":"com.amazonaws.sqs#RequestThrottled","message":"slowly"})", true},
      {400, R"({"__type":"ThrottlingException"})", true},
      {403, R"({"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}})", true},
      {403, R"({"error":{"code":403,"errors":[{"reason":"forbidden"}]}})", false},
      {403, R"({"error":"rateLimitExceeded"})", false},
      {403, R"({"error":{"errors":[]}})", false},
      {403, "{", false},
      {403, xml("AccessDenied"), false},
      {400, xml("ExpiredToken"), false},
      {400, "Throttling", false},
      {400, "<Code>Throttling", true},
      {400, "", false},
  };
  for (const Case& one : cases) {
    SimClock clock;
    int asked = 0;
    FakeHttpClient http([&](const HttpRequest&) -> Result<HttpResponse> {
      if (++asked == 1) return HttpResponse{.status = one.status, .body = one.body};
      return HttpResponse{.status = 200};
    });
    Clouds clouds(http, clock, {}, "waybill");
    const auto answer = clouds.http().send({.repeat = Repeat::never}, {.at = kSteadyTimeMax});
    ASSERT_TRUE(answer) << one.body;
    EXPECT_EQ(answer->status, one.repeated ? 200 : one.status) << one.body;
  }
}

}  // namespace
}  // namespace waybill::cli
