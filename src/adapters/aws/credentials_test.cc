#include "adapters/aws/credentials.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using aws::Environment;

constexpr std::string_view kKeysJson =
    R"({"AccessKeyId":"AKMETA","SecretAccessKey":"hush","Token":"tok",)"
    R"("Expiration":"2026-11-22T18:00:00Z"})";

std::string role_answer(const std::string& action) {
  return "<" + action + "Response><" + action +
         "Result><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>hush</"
         "SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2026-11-22T13:00:00Z</"
         "Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

std::string value(const HttpRequest& request, std::string_view name) {
  for (const auto& [field, text] : request.headers) {
    if (field == name) return text;
  }
  return "(none)";
}

/// A machine: its environment, its files, and what its network answers by URL.
class AwsCredentialsTest : public testing::Test {
 protected:
  Result<AwsCredentials> ambient(Environment environment) {
    environment.try_emplace("HOME", "/nest");
    settings_.emplace(std::move(environment), reader());
    return ambient_aws_credentials(*settings_, {.http = http_, .clock = clock_})->credentials({});
  }
  aws::ReadFile reader() {
    return [this](const std::string& path) -> Result<std::string> {
      const auto found = files_.find(path);
      if (found == files_.end()) return fail(Code::not_found, "no file " + path);
      return found->second;
    };
  }

  std::map<std::string, std::string> files_;
  std::map<std::string, HttpResponse> network_;
  SimClock clock_;
  FakeHttpClient http_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    const auto found = network_.find(request.method + " " + request.url);
    if (found == network_.end()) return fail(Code::unavailable, "nobody at " + request.url);
    return found->second;
  }};
  std::optional<aws::Settings> settings_;
};

TEST_F(AwsCredentialsTest, TheEnvironmentComesFirst) {
  files_["/nest/.aws/credentials"] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  const auto found = ambient(
      {{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}});
  EXPECT_EQ(*found, (AwsCredentials{
                        .access_key_id = "ENV", .secret_access_key = "s", .session_token = "t"}));
  EXPECT_EQ(ambient({})->access_key_id, "FILE");
}

TEST_F(AwsCredentialsTest, AProfileIsChosenByName) {
  files_["/c"] = "[profile work]\nregion=eu-west-1\n";
  files_["/s"] = "[work]\naws_access_key_id=WORK\naws_secret_access_key=s\n";
  const Environment environment = {
      {"AWS_PROFILE", "work"}, {"AWS_CONFIG_FILE", "/c"}, {"AWS_SHARED_CREDENTIALS_FILE", "/s"}};
  EXPECT_EQ(ambient(environment)->access_key_id, "WORK");
  EXPECT_EQ(settings_->region(), "eu-west-1");
  const auto missing = ambient({{"AWS_PROFILE", "wrok"}});
  EXPECT_EQ(missing.error().code, Code::unauthenticated);
  EXPECT_NE(missing.error().message.find("wrok"), std::string::npos);
}

TEST_F(AwsCredentialsTest, AProfileMayTakeARoleByTheKeysOfAnother) {
  files_["/nest/.aws/config"] =
      "[profile role]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=default\nregion=eu-west-1\n";
  files_["/nest/.aws/credentials"] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  network_["POST https://sts.eu-west-1.amazonaws.com/"] = {.status = 200,
                                                           .body = role_answer("AssumeRole")};
  const auto found = ambient({{"AWS_PROFILE", "role"}});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "ASIA");
  EXPECT_EQ(found->expires_at, *parse_time("2026-11-22T13:00:00Z"));
  const HttpRequest request = http_.requests().at(0);
  EXPECT_NE(value(request, "authorization").find("Credential=FILE/"), std::string::npos);
  EXPECT_NE(request.body.find("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"), std::string::npos);
}

TEST_F(AwsCredentialsTest, ProfilesThatGoRoundAreRefused) {
  files_["/nest/.aws/config"] =
      "[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a\n";
  const auto found = ambient({{"AWS_PROFILE", "a"}});
  EXPECT_EQ(found.error().code, Code::unauthenticated);
  EXPECT_NE(found.error().message.find("circle"), std::string::npos);
}

TEST_F(AwsCredentialsTest, AProfileMayTakeARoleByTheCredentialsOfAPlace) {
  const std::string profile = "[profile role]\nrole_arn=arn:r\nregion=eu-west-1\nexternal_id=a b\n";
  network_["POST https://sts.eu-west-1.amazonaws.com/"] = {.status = 200,
                                                           .body = role_answer("AssumeRole")};
  const std::string keys(kKeysJson);
  const std::string roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  network_["PUT http://169.254.169.254/latest/api/token"] = {.status = 200, .body = "v2token"};
  network_["GET " + roles] = {.status = 200, .body = "my-role"};
  network_["GET " + roles + "my-role"] = {.status = 200, .body = keys};
  network_["GET http://169.254.170.2/here"] = {.status = 200, .body = keys};
  files_["/nest/.aws/config"] = profile + "credential_source=Ec2InstanceMetadata\n";
  const Environment environment = {{"AWS_PROFILE", "role"},
                                   {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/here"}};
  const auto by_machine = ambient(environment);
  ASSERT_TRUE(by_machine) << by_machine.error().message;
  EXPECT_EQ(by_machine->access_key_id, "ASIA");
  EXPECT_NE(value(http_.requests().back(), "authorization").find("Credential=AKMETA/"),
            std::string::npos);
  EXPECT_NE(http_.requests().back().body.find("&ExternalId=a%20b"), std::string::npos);
  EXPECT_EQ(http_.requests().size(), 4u);
  files_["/nest/.aws/config"] = profile + "credential_source=EcsContainer\n";
  EXPECT_EQ(ambient(environment)->access_key_id, "ASIA");
  EXPECT_EQ(http_.requests().size(), 6u);
}

TEST_F(AwsCredentialsTest, AProfileOfTheEnvironmentsKeysMayBeTheSourceOfAnother) {
  files_["/nest/.aws/config"] =
      "[default]\nrole_arn=arn:r\nsource_profile=keys\nregion=eu-west-1\n"
      "[profile keys]\nrole_arn=arn:k\ncredential_source=Environment\nregion=eu-west-1\n";
  const auto found = ambient({{"AWS_EC2_METADATA_DISABLED", "true"}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::unauthenticated);
  for (const char* part : {"profile default: ", "profile keys: ", "AWS_ACCESS_KEY_ID"}) {
    EXPECT_NE(found.error().message.find(part), std::string::npos) << found.error().message;
  }
}

TEST_F(AwsCredentialsTest, AProfileWithKeysAndARoleTakesTheRole) {
  files_["/nest/.aws/credentials"] =
      "[default]\nrole_arn=arn:r\nregion=eu-west-1\naws_access_key_id=FILE\n"
      "aws_secret_access_key=s\n";
  network_["POST https://sts.eu-west-1.amazonaws.com/"] = {.status = 200,
                                                           .body = role_answer("AssumeRole")};
  EXPECT_EQ(ambient({})->access_key_id, "ASIA");
}

/// A profile says how to get credentials, and that cannot be done here.
TEST_F(AwsCredentialsTest, AProfileThatCannotBeFollowedStopsTheChain) {
  const std::string roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  network_["PUT http://169.254.169.254/latest/api/token"] = {.status = 200, .body = "v2token"};
  network_["GET " + roles] = {.status = 200, .body = "my-role"};
  network_["GET " + roles + "my-role"] = {.status = 200, .body = std::string(kKeysJson)};
  const std::pair<const char*, const char*> cases[] = {
      {"credential_process=/opt/keys --json", "credential_process"},
      {"sso_session=corp", "sso_session"},
      {"sso_start_url=https://x", "sso_start_url"},
      {"role_arn=arn:r", "credential_source"},
      {"role_arn=arn:r\ncredential_source=Moon", "Moon"},
      {"role_arn=arn:r\ncredential_source=EcsContainer", "AWS_CONTAINER_CREDENTIALS"},
      {"role_arn=arn:r\ncredential_source=Environment", "AWS_ACCESS_KEY_ID"},
      {"role_arn=arn:r\nsource_profile=gone", "gone"},
      {"role_arn=arn:r\nsource_profile=gone\ncredential_source=Environment", "both"},
      {"role_arn=arn:r\ncredential_source=Ec2InstanceMetadata\nmfa_serial=1", "mfa_serial"},
      {"credential_source=Ec2InstanceMetadata", "role_arn"},
      {"source_profile=default", "role_arn"},
      {"web_identity_token_file=/t", "role_arn"},
  };
  for (const auto& [text, said] : cases) {
    files_["/nest/.aws/config"] = std::string("[default]\n") + text + "\n";
    const auto found = ambient({});
    ASSERT_FALSE(found) << text << ": fell to " << found->access_key_id;
    EXPECT_EQ(found.error().code, Code::unauthenticated) << text;
    EXPECT_NE(found.error().message.find(said), std::string::npos) << found.error().message;
    EXPECT_NE(found.error().message.find("profile default"), std::string::npos)
        << found.error().message;
  }
  files_["/nest/.aws/config"] = "[default]\nregion=eu-west-1\n";
  EXPECT_EQ(ambient({})->access_key_id, "AKMETA");
}

TEST_F(AwsCredentialsTest, AWebIdentityOfTheEnvironmentComesBeforeTheSharedFiles) {
  files_["/token"] = "jwt";
  files_["/nest/.aws/credentials"] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  network_["POST http://127.0.0.1:9/"] = {.status = 200,
                                          .body = role_answer("AssumeRoleWithWebIdentity")};
  const auto found = ambient({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                              {"AWS_ROLE_ARN", "arn:r"},
                              {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"}});
  EXPECT_EQ(found->access_key_id, "ASIA");
}

TEST_F(AwsCredentialsTest, AWebIdentityTakesARole) {
  files_["/token"] = "jwt.of.pod\n";
  network_["POST http://127.0.0.1:9/"] = {.status = 200,
                                          .body = role_answer("AssumeRoleWithWebIdentity")};
  const auto found = ambient({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                              {"AWS_ROLE_ARN", "arn:r"},
                              {"AWS_ROLE_SESSION_NAME", "me"},
                              {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"}});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->session_token, "tok");
  EXPECT_EQ(http_.requests().at(0).body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=me"
            "&WebIdentityToken=jwt.of.pod");
  EXPECT_EQ(value(http_.requests().at(0), "authorization"), "(none)");
}

TEST_F(AwsCredentialsTest, AContainersAgentIsAskedWithItsToken) {
  files_["/t"] = "bearer-1\n";
  network_["GET http://169.254.170.23/v1/credentials"] = {.status = 200,
                                                          .body = std::string(kKeysJson)};
  const auto found =
      ambient({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
               {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"}});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "AKMETA");
  EXPECT_EQ(found->expires_at, *parse_time("2026-11-22T18:00:00Z"));
  EXPECT_EQ(value(http_.requests().at(0), "authorization"), "bearer-1");
}

TEST_F(AwsCredentialsTest, AContainersTokenGoesToNoStrangerInTheClear) {
  for (const char* url : {"http://example.com/", "http://127.0.0.1.example.com/",
                          "http://127.0.0.1@example.com/", "ftp://127.0.0.1/"}) {
    const auto found = ambient({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}});
    EXPECT_EQ(found.error().code, Code::unauthenticated) << url;
  }
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(AwsCredentialsTest, AMachineHasARole) {
  const std::string roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  network_["PUT http://169.254.169.254/latest/api/token"] = {.status = 200, .body = "v2token"};
  network_["GET " + roles] = {.status = 200, .body = "my-role\n"};
  network_["GET " + roles + "my-role"] = {.status = 200, .body = std::string(kKeysJson)};
  const auto found = ambient({});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->session_token, "tok");
  EXPECT_EQ(value(http_.requests().at(2), "x-aws-ec2-metadata-token"), "v2token");
}

TEST_F(AwsCredentialsTest, AMachineWhoseRoleIsNotToldIsNotAskedForAnErrorsText) {
  network_["PUT http://169.254.169.254/latest/api/token"] = {.status = 200, .body = "v2token"};
  network_["GET http://169.254.169.254/latest/meta-data/iam/security-credentials/"] = {
      .status = 403, .body = "<html>no</html>"};
  const auto found = ambient({});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::unavailable);
  EXPECT_NE(found.error().message.find("403"), std::string::npos) << found.error().message;
  EXPECT_EQ(http_.requests().size(), 2u);
}

TEST_F(AwsCredentialsTest, WhereThereAreNoneEveryPlaceIsNamed) {
  const auto found = ambient({{"AWS_EC2_METADATA_DISABLED", "true"}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::unauthenticated);
  for (const char* place :
       {"AWS_ACCESS_KEY_ID", "/nest/.aws/credentials", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_EC2_METADATA_DISABLED"}) {
    EXPECT_NE(found.error().message.find(place), std::string::npos) << place;
  }
  EXPECT_TRUE(http_.requests().empty());
}

class OneToken final : public TokenSource {
 public:
  Result<std::string> token(const Deadline&) override { return "hush-jwt"; }
  std::string identity() const override { return "one token"; }
};

TEST_F(AwsCredentialsTest, ARoleIsAssumedWithTheTokenOfAnIdentity) {
  settings_.emplace(Environment{{"AWS_REGION", "us-west-2"}}, reader());
  OneToken tokens;
  const auto source = aws_role_credentials({.role_arn = "arn:r"}, tokens, *settings_,
                                           {.http = http_, .clock = clock_});
  EXPECT_EQ(source->identity(), "role arn:r");
  const std::string url = "POST https://sts.us-west-2.amazonaws.com/";
  network_[url] = {.status = 403,
                   .body =
                       "<ErrorResponse><Error><Code>AccessDenied</Code>"
                       "<Message>hush-jwt</Message></Error></ErrorResponse>"};
  const auto refused = source->credentials({});
  EXPECT_EQ(refused.error().code, Code::unauthenticated);
  EXPECT_NE(refused.error().message.find("arn:r"), std::string::npos);
  EXPECT_EQ(refused.error().message.find("hush"), std::string::npos);
  network_[url] = {.status = 200, .body = role_answer("AssumeRoleWithWebIdentity")};
  EXPECT_EQ(source->credentials({})->access_key_id, "ASIA");
}

TEST_F(AwsCredentialsTest, WithoutARegionARoleSaysWhatToSet) {
  settings_.emplace(Environment{}, reader());
  OneToken tokens;
  const auto source = aws_role_credentials({.role_arn = "arn:r"}, tokens, *settings_,
                                           {.http = http_, .clock = clock_});
  const auto found = source->credentials({});
  EXPECT_EQ(found.error().code, Code::failed_precondition);
  EXPECT_NE(found.error().message.find("AWS_REGION"), std::string::npos);
}

}  // namespace
}  // namespace waybill
