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

}  // namespace
}  // namespace waybill
