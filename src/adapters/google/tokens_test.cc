#include "adapters/google/tokens.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <map>
#include <optional>

#include "base/base64.h"
#include "base/json.h"
#include "base/percent.h"
#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kMetadata =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/";
constexpr const char* kUserFile =
    R"({"type":"authorized_user","client_id":"c&1","client_secret":"hush-secret",)"
    R"("refresh_token":"1//hush-refresh","token_uri":"https://t/token"})";
constexpr const char* kGcloudPath = "/nest/.config/gcloud/application_default_credentials.json";

HttpResponse answer(int status, std::string body, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
HttpResponse metadata(int status, std::string body) {
  return answer(status, std::move(body), {{"metadata-flavor", "Google"}});
}
HttpResponse granted(const std::string& token) {
  return answer(200,
                R"({"access_token":")" + token + R"(","expires_in":3599,"token_type":"Bearer"})");
}
std::string identity_token(Time expires_at) {
  return "e30." +
         to_base64url("{\"exp\":" + std::to_string(to_micros(expires_at) / 1'000'000) + "}") +
         ".c2ln";
}
std::string value(const HttpRequest& request, std::string_view name) {
  for (const auto& [field, text] : request.headers) {
    if (field == name) return text;
  }
  return "(none)";
}

/// A machine: its environment, its files, and what its network answers by URL.
class GoogleTokensTest : public testing::Test {
 protected:
  google::Settings& settings(std::map<std::string, std::string> environment) {
    environment.try_emplace("HOME", "/nest");
    settings_ = {std::move(environment), [this](const std::string& path) -> Result<std::string> {
                   const auto found = files_.find(path);
                   if (found == files_.end()) return fail(Code::not_found, "no file " + path);
                   return found->second;
                 }};
    return settings_;
  }
  Result<std::string> ambient(std::map<std::string, std::string> environment = {}) {
    return google_access_tokens({"scope/a", "scope/b"}, settings(std::move(environment)),
                                {.http = http_, .clock = clock_})
        ->token({});
  }
  std::unique_ptr<TokenSource> identity(std::map<std::string, std::string> environment = {}) {
    return google_identity_tokens("sts.amazonaws.com/gke-identity-federation",
                                  settings(std::move(environment)),
                                  {.http = http_, .clock = clock_});
  }

  std::map<std::string, std::string> files_;
  std::map<std::string, HttpResponse> network_;
  Error silence_{.code = Code::unavailable, .message = "nobody there"};
  SimClock clock_;
  FakeHttpClient http_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    const auto found = network_.find(request.method + " " + request.url);
    if (found == network_.end()) return fail(silence_);
    return found->second;
  }};
  google::Settings settings_;
};

TEST_F(GoogleTokensTest, AUserTradesTheRefreshTokenThatGcloudLeft) {
  files_[kGcloudPath] = kUserFile;
  network_["POST https://t/token"] = granted("ya29.user");
  const auto token = ambient();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*token, "ya29.user");
  const HttpRequest request = http_.requests().at(0);
  EXPECT_EQ(value(request, "content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body,
            "grant_type=refresh_token&client_id=c%261&client_secret=hush-secret&"
            "refresh_token=1%2F%2Fhush-refresh");
}

TEST_F(GoogleTokensTest, TheFileThatTheVariableNamesComesBeforeGcloudsAndTheLatterMayMove) {
  files_["/key.json"] = kUserFile;
  files_[kGcloudPath] = "broken";
  network_["POST https://t/token"] = granted("named");
  EXPECT_EQ(ambient({{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}}).value(), "named");
  files_["/cloudsdk/application_default_credentials.json"] = kUserFile;
  EXPECT_EQ(ambient({{"CLOUDSDK_CONFIG", "/cloudsdk"}}).value(), "named");
}

TEST_F(GoogleTokensTest, AServiceAccountTradesASignedAssertion) {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string quoted;
  json::append_quoted(quoted, std::string_view(data, static_cast<std::size_t>(size)));
  BIO_free(bio);
  EVP_PKEY_free(key);
  files_["/key.json"] = R"({"type":"service_account","client_email":"e@p","private_key":)" +
                        quoted + R"(,"token_uri":"https://t/token"})";
  network_["POST https://t/token"] = granted("ya29.service");
  const auto token = ambient({{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*token, "ya29.service");
  const std::string body = http_.requests().at(0).body;
  EXPECT_THAT(body, testing::StartsWith("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
                                        "jwt-bearer&assertion=eyJ"));
}

TEST_F(GoogleTokensTest, TheMetadataServerIsAskedWhereThereIsNoFile) {
  network_[std::string("GET ") + kMetadata + "token?scopes=scope%2Fa%2Cscope%2Fb"] =
      metadata(200, R"({"access_token":"ya29.meta","expires_in":3599,"token_type":"Bearer"})");
  EXPECT_EQ(ambient().value(), "ya29.meta");
  EXPECT_EQ(value(http_.requests().at(0), "metadata-flavor"), "Google");
  const std::string elsewhere = "GET http://127.0.0.1:8/computeMetadata/v1/instance/";
  network_[elsewhere + "service-accounts/default/token?scopes=scope%2Fa%2Cscope%2Fb"] =
      metadata(200, R"({"access_token":"ya29.gke","expires_in":60})");
  EXPECT_EQ(ambient({{"GCE_METADATA_HOST", "127.0.0.1:8"}}).value(), "ya29.gke");
}

TEST_F(GoogleTokensTest, NothingConfiguredListsAllPlacesAndWhatToDo) {
  const auto token = ambient();
  EXPECT_EQ(token.error().code, Code::unauthenticated);
  for (const char* place :
       {"GOOGLE_APPLICATION_CREDENTIALS is not set", kGcloudPath,
        "metadata server http://metadata.google.internal: does not answer", "gcloud auth"}) {
    EXPECT_THAT(token.error().message, HasSubstr(place));
  }
  network_[std::string("GET ") + kMetadata + "token?scopes=scope%2Fa%2Cscope%2Fb"] =
      answer(200, R"({"access_token":"portal","expires_in":60})");
  EXPECT_THAT(ambient().error().message, HasSubstr("no metadata server of Google's"));
  EXPECT_THAT(ambient({{"NO_GCE_CHECK", "true"}}).error().message, HasSubstr("NO_GCE_CHECK"));
  EXPECT_EQ(http_.requests().size(), 2u);
}

TEST_F(GoogleTokensTest, AFileThatIsNamedButCannotBeUsedEndsTheSearch) {
  const auto missing = ambient({{"GOOGLE_APPLICATION_CREDENTIALS", "/gone.json"}});
  EXPECT_EQ(missing.error().code, Code::unauthenticated);
  EXPECT_THAT(missing.error().message, HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"));
  EXPECT_THAT(missing.error().message, HasSubstr("/gone.json"));
  files_[kGcloudPath] = R"({"type":"external_account"})";
  const auto external = ambient();
  EXPECT_EQ(external.error().code, Code::unauthenticated);
  EXPECT_THAT(external.error().message, HasSubstr("external_account"));
  EXPECT_THAT(external.error().message, HasSubstr(kGcloudPath));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(GoogleTokensTest, RefusalsSayWhatToDoAndNoSecret) {
  files_[kGcloudPath] = kUserFile;
  const struct {
    HttpResponse answer;
    Code code;
    std::string says;
  } cases[] = {
      {answer(400, R"({"error":"invalid_grant","error_description":"Token was revoked."})"),
       Code::unauthenticated, "invalid_grant (Token was revoked.); log in again"},
      {answer(401, R"({"error":"invalid_client"})"), Code::unauthenticated, "invalid_client"},
      {answer(400, R"({"error":"bad","error_description":"no such token 1\/\/hush-refresh"})"),
       Code::unauthenticated, "answers 400"},
      {answer(500, "<html>"), Code::unavailable, "answers 500"},
      {answer(429, "", {{"retry-after", "7"}}), Code::unavailable, "answers 429"},
      {answer(200, "<html>"), Code::unavailable, "no access token"},
      {answer(200, R"({"access_token":"x\r\ny: z","expires_in":9})"), Code::unavailable,
       "no access token"},
      {answer(200, R"({"access_token":"x"})"), Code::unavailable, "how long"},
  };
  for (const auto& one : cases) {
    network_["POST https://t/token"] = one.answer;
    const auto token = ambient();
    ASSERT_FALSE(token) << one.says;
    EXPECT_EQ(token.error().code, one.code) << token.error().message;
    EXPECT_THAT(token.error().message, HasSubstr(one.says));
    EXPECT_THAT(token.error().message, HasSubstr(kGcloudPath));
    EXPECT_THAT(token.error().message, Not(HasSubstr("hush")));
    const bool says_when = one.answer.status == 429;
    EXPECT_EQ(token.error().retry_after,
              says_when ? std::optional<Duration>(seconds(7)) : std::optional<Duration>());
  }
}

TEST_F(GoogleTokensTest, AMetadataServerInTroubleIsNotTakenForNone) {
  const std::string url = std::string("GET ") + kMetadata + "token?scopes=scope%2Fa%2Cscope%2Fb";
  network_[url] = metadata(503, "");
  EXPECT_EQ(ambient().error().code, Code::unavailable);
  network_[url] = metadata(404, "");
  EXPECT_EQ(ambient().error().code, Code::unauthenticated);
  network_.clear();
  for (const Code code : {Code::unavailable, Code::deadline_exceeded, Code::aborted}) {
    silence_.code = code;
    EXPECT_EQ(ambient({{"GCE_METADATA_HOST", "here"}}).error().code, Code::unavailable);
  }
  silence_.code = Code::cancelled;
  EXPECT_EQ(ambient().error().code, Code::cancelled);
}

TEST_F(GoogleTokensTest, AnIdentityTokenIsKeptUntilShortlyBeforeItExpires) {
  const std::string url = std::string("GET ") + kMetadata +
                          "identity?audience=sts.amazonaws.com%2Fgke-identity-federation&"
                          "format=full";
  const std::string first = identity_token(clock_.now() + hours(1));
  const std::string second = identity_token(clock_.now() + hours(2));
  const auto tokens = identity();
  network_[url] = metadata(200, first + "\n");
  EXPECT_EQ(tokens->token({}).value(), first);
  network_[url] = metadata(200, second);
  clock_.advance(hours(1) - seconds(226));
  EXPECT_EQ(tokens->token({}).value(), first);
  clock_.advance(seconds(1));
  EXPECT_EQ(tokens->token({}).value(), second);
}

TEST_F(GoogleTokensTest, WithoutAMetadataServerThereIsNoIdentity) {
  const auto token = identity()->token({});
  EXPECT_EQ(token.error().code, Code::unauthenticated);
  EXPECT_THAT(token.error().message, HasSubstr("gke-identity-federation"));
  EXPECT_THAT(token.error().message, HasSubstr("http://metadata.google.internal"));
}

TEST(NoToken, IsEmpty) { EXPECT_EQ(NoToken().token({}).value(), ""); }

}  // namespace
}  // namespace waybill
