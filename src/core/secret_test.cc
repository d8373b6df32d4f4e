#include "core/secret.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(SecretTest, TheIdOfAKeyTellsTwoKeysApartAndIsNotPartOfThem) {
  const std::string one(32, 'a');
  EXPECT_EQ(secret_key_id(one).size(), kSecretKeyIdDigits);
  EXPECT_EQ(secret_key_id(one), secret_key_id(std::string(32, 'a')));
  EXPECT_NE(secret_key_id(one), secret_key_id(std::string(32, 'b')));
}

TEST(SecretTest, ASpecNamesSecretsWhereItHasAny) {
  EXPECT_FALSE(names_secrets("{}"));
  EXPECT_FALSE(names_secrets(R"({"secrets":{},"command":["secrets"]})"));
  EXPECT_TRUE(names_secrets(R"({"secrets":{"A":"a"}})"));
  EXPECT_TRUE(names_secrets(R"({"key_secret":"a"})")) << "which morph.ingest sends";
  EXPECT_EQ(secrets_named(R"({"key_secret":"a","secrets":{"B":"b"}})"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(names_secrets(R"({"secrets":["a"]})")) << "whatever a kind makes of it";
  EXPECT_TRUE(names_secrets("no JSON")) << "it must not pass for harmless";
}

TEST(SecretTest, ASpecNamesSecretsAtAnyDepth) {
  const std::string pin =
      R"({"services":[{"url":"https://x","token_secret":"b"},{"token_secret":"a"}]})";
  EXPECT_TRUE(names_secrets(pin)) << "which ipfs.pin sends";
  EXPECT_EQ(secrets_named(pin), (std::vector<std::string>{"a", "b"}));
  const std::string deep = R"({"x":{"y":[{"secrets":{"A":"c"},"basic_secret":"d"}]}})";
  EXPECT_TRUE(names_secrets(deep));
  EXPECT_EQ(secrets_named(deep), (std::vector<std::string>{"c", "d"}));
  EXPECT_TRUE(names_secrets(R"({"token_secret":{}})")) << "whatever a kind makes of it";
  EXPECT_FALSE(names_secrets(R"({"x":["token_secret"],"secret":"a","no_secrets":"a"})"));
  EXPECT_FALSE(names_secrets(R"({"environment":{"TF_VAR_client_secret":"a"}})")) << "a variable";
  EXPECT_TRUE(names_secrets(R"({"x":{"environment":{"client_secret":"a"}}})"));
}

}  // namespace
}  // namespace waybill
