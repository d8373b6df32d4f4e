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
  EXPECT_FALSE(clouds.credentials("arn:r").credentials({.at = kSteadyTimeMax}));
  ASSERT_FALSE(http.requests().empty());
  const HttpRequest request = http.requests().front();
  EXPECT_THAT(request.url + request.body, HasSubstr("RoleSessionName=waybill-worker&"));
}

}  // namespace
}  // namespace waybill::cli
