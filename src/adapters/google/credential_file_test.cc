#include "adapters/google/credential_file.h"

#include <gmock/gmock.h>

namespace waybill::google {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CredentialFile, AServiceAccountKeyIsRead) {
  const auto file = parse_credential_file(
      R"({"type":"service_account","project_id":"p","private_key_id":"k1","private_key":"PEM",)"
      R"("client_email":"a@p.iam","token_uri":"https://t/"})");
  ASSERT_TRUE(file) << file.error().message;
  const auto& key = std::get<ServiceAccountKey>(*file);
  EXPECT_EQ(key.client_email, "a@p.iam");
  EXPECT_EQ(key.private_key_id, "k1");
  EXPECT_EQ(key.private_key, "PEM");
  EXPECT_EQ(key.token_uri, "https://t/");
}

TEST(CredentialFile, AUsersLoginIsReadWithGooglesEndpointWhereItNamesNone) {
  const auto file = parse_credential_file(
      R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"})");
  ASSERT_TRUE(file) << file.error().message;
  const auto& user = std::get<AuthorizedUser>(*file);
  EXPECT_EQ(user.client_id, "c");
  EXPECT_EQ(user.client_secret, "s");
  EXPECT_EQ(user.refresh_token, "r");
  EXPECT_EQ(user.token_uri, "https://oauth2.googleapis.com/token");
}

TEST(CredentialFile, WhatIsMissingOrUnsupportedIsNamed) {
  const struct {
    std::string text;
    std::string says;
  } cases[] = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"hush":)", "no JSON object"},
      {R"({"installed":{"client_secret":"hush"}})", "neither"},
      {R"({"type":"service_account","client_email":"e"})", "private_key"},
      {R"({"type":"service_account","private_key":"hush"})", "client_email"},
      {R"({"type":"service_account","private_key":"hush","client_email":7})", "client_email"},
      {R"({"type":"authorized_user","client_id":"c","client_secret":"hush"})", "refresh_token"},
      {R"({"type":"external_account","audience":"hush"})", "external_account"},
      {R"({"type":"impersonated_service_account"})", "impersonated_service_account"},
      {R"({"type":"hush"})", "neither"},
  };
  for (const auto& one : cases) {
    const auto file = parse_credential_file(one.text);
    ASSERT_FALSE(file) << one.text;
    EXPECT_EQ(file.error().code, Code::unauthenticated);
    EXPECT_THAT(file.error().message, HasSubstr(one.says));
    EXPECT_THAT(file.error().message, Not(HasSubstr("hush")));
  }
}

}  // namespace
}  // namespace waybill::google
