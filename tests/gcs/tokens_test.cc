#include <gmock/gmock.h>

#include "adapters/google/tokens.h"
#include "testing/http_test_server.h"
#include "tests/gcs/stand_in.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;

constexpr const char* kPath = "/computeMetadata/v1/instance/service-accounts/default/";

/// A machine whose metadata server is on loopback.
class MachineTest : public testing::Test {
 protected:
  google::TokenPorts ports() { return {.http = *http_, .clock = clock_}; }

  ScriptedAnswer answer_{.headers = {{"Metadata-Flavor", "Google"}}};
  HttpTestServer metadata_{[this](const ReceivedRequest&) { return answer_; }};
  google::Settings settings_{
      .environment = {{"GCE_METADATA_HOST", "127.0.0.1:" + std::to_string(metadata_.port())}},
      .read_file = [](const std::string& path) -> Result<std::string> {
        return fail(Code::not_found, "no " + path);
      }};
  SystemClock clock_;
  std::unique_ptr<CurlHttpClient> http_ = CurlHttpClient::create(clock_).value();
};

TEST_F(MachineTest, ItsAccessTokenOpensABucketAndIsFetchedOnce) {
  answer_.body = std::string(R"({"access_token":")") + kStandInToken +
                 R"(","expires_in":3599,"token_type":"Bearer"})";
  const auto tokens = google_access_tokens({kGoogleCloudScope}, settings_, ports());
  GcsObjectStore store(
      {.bucket = stand_in().make_bucket(), .writer = "machine", .endpoint = stand_in().endpoint()},
      {.http = *http_, .tokens = *tokens, .clock = clock_});
  ASSERT_TRUE(store.put("k", "body"));
  EXPECT_EQ(store.get("k").value_or("(none)"), "body");
  const auto requests = metadata_.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(
      requests[0].target,
      std::string(kPath) + "token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform");
  EXPECT_EQ(requests[0].header("metadata-flavor"), "Google");
}

TEST_F(MachineTest, ItsIdentityIsAskedForWithTheAudience) {
  answer_.body = "e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln";  // until 2100
  const auto tokens =
      google_identity_tokens("sts.amazonaws.com/gke-identity-federation", settings_, ports());
  EXPECT_EQ(tokens->token({}).value_or("(none)"), answer_.body);
  EXPECT_EQ(metadata_.requests().at(0).target,
            std::string(kPath) +
                "identity?audience=sts.amazonaws.com%2Fgke-identity-federation&format=full");
}

TEST_F(MachineTest, AUsersLoginIsTradedAtItsEndpoint) {
  const std::string file =
      R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r",)"
      R"("token_uri":")" +
      metadata_.url() + "/token\"}";
  settings_.environment = {{"GOOGLE_APPLICATION_CREDENTIALS", "/login.json"}};
  settings_.read_file = [&](const std::string&) -> Result<std::string> { return file; };
  answer_.body = R"({"access_token":"ya29.user","expires_in":3599})";
  const auto tokens = google_access_tokens({}, settings_, ports());
  EXPECT_EQ(tokens->token({}).value_or("(none)"), "ya29.user");
  const ReceivedRequest request = metadata_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r");
}

TEST_F(MachineTest, AnEndpointThatCutsTheConnectionIsUnavailable) {
  answer_.cut = Cut::before_answer;
  const auto token = google_access_tokens({}, settings_, ports())->token({});
  EXPECT_EQ(token.error().code, Code::unavailable);
  EXPECT_THAT(token.error().message, HasSubstr("metadata server http://127.0.0.1:"));
}

}  // namespace
}  // namespace waybill
