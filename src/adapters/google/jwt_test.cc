#include "adapters/google/jwt.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/base64.h"
#include "base/json.h"

namespace waybill::google {
namespace {

const Time kNow = *parse_time("2026-11-22T12:00:00Z");

class JwtTest : public testing::Test {
 protected:
  ~JwtTest() override { EVP_PKEY_free(key_); }

  std::string pem(EVP_PKEY* key) const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
  bool is_signed_by_key(std::string_view text, std::string_view signature) const {
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(digest, nullptr, EVP_sha256(), nullptr, key_);
    const int verified = EVP_DigestVerify(
        digest, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
        reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(digest);
    return verified == 1;
  }
  static std::string decoded(std::string text) {
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return from_base64(text).value_or("(none)");
  }

  EVP_PKEY* key_ = EVP_RSA_gen(2048);
  ServiceAccountKey account_{.client_email = "scan@p.iam",
                             .private_key_id = "k1",
                             .private_key = pem(key_),
                             .token_uri = "https://t/"};
};

TEST_F(JwtTest, AnAssertionSaysWhoForWhatAndHowLongAndIsSigned) {
  const auto token = signed_assertion(account_, "scope-a scope-b", kNow);
  ASSERT_TRUE(token) << token.error().message;
  const std::size_t first = token->find('.');
  const std::size_t last = token->rfind('.');
  EXPECT_EQ(decoded(token->substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  EXPECT_EQ(decoded(token->substr(first + 1, last - first - 1)),
            R"({"iss":"scan@p.iam","scope":"scope-a scope-b","aud":"https://t/",)"
            R"("iat":1795348800,"exp":1795352400})");
  EXPECT_TRUE(is_signed_by_key(token->substr(0, last), decoded(token->substr(last + 1))));
  EXPECT_FALSE(is_signed_by_key(token->substr(1, last - 1), decoded(token->substr(last + 1))));
  EXPECT_EQ(*jwt_expires_at(*token), kNow + std::chrono::hours(1));
}

TEST_F(JwtTest, AKeyThatCannotSignIsRefusedWithoutShowingIt) {
  EVP_PKEY* elliptic = EVP_EC_gen("P-256");
  const std::string other = pem(elliptic);
  EVP_PKEY_free(elliptic);
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nhush\n-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const std::string& bad : {std::string("hush"), std::string(), other, encrypted}) {
    account_.private_key = bad;
    const auto token = signed_assertion(account_, "s", kNow);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::unauthenticated);
    EXPECT_NE(token.error().message.find("scan@p.iam"), std::string::npos);
    EXPECT_EQ(token.error().message.find("hush"), std::string::npos);
  }
}

TEST(Jwt, ATokenWithoutAReadableEndIsNone) {
  const auto with_claims = [](std::string_view claims) {
    return "e30." + to_base64url(claims) + ".sig";
  };
  EXPECT_EQ(*jwt_expires_at(with_claims(R"({"exp":1795348800})")), kNow);
  EXPECT_EQ(*jwt_expires_at(with_claims(R"({"exp":9223372036854775807})")) > kNow, true);
  for (const std::string& bad :
       {std::string(), std::string("a.b"), std::string("a.!.c"), std::string("..."),
        with_claims("[]"), with_claims("{}"), with_claims(R"({"exp":"1"})")}) {
    const auto expires_at = jwt_expires_at(bad);
    ASSERT_FALSE(expires_at) << bad;
    EXPECT_EQ(expires_at.error().code, Code::unavailable);
  }
}

}  // namespace
}  // namespace waybill::google
