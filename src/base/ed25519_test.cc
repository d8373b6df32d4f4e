#include "base/ed25519.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"

namespace waybill {
namespace {

using testing::HasSubstr;

// RFC 8032, 7.1, test 2.
const SigningKey kKey(
    *from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
const PublicKey kPublic(
    *from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
constexpr const char* kSignature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d"
    "8c387b2eaeb4302aeeb00d291612bb0c00";

TEST(Ed25519Test, ItSignsAsRfc8032Says) {
  EXPECT_EQ(kKey.public_key(), kPublic);
  EXPECT_EQ(to_hex(kKey.sign("\x72")), kSignature);
  EXPECT_TRUE(kPublic.verifies("\x72", *from_hex(kSignature)));
}

TEST(Ed25519Test, AnyChangedBitIsSeen) {
  std::string signature = *from_hex(kSignature);
  EXPECT_FALSE(kPublic.verifies("\x73", signature));
  EXPECT_FALSE(kPublic.verifies("", signature));
  EXPECT_FALSE(kPublic.verifies("\x72", signature.substr(1)));
  EXPECT_FALSE(SigningKey(std::string(kSeedBytes, 'x')).public_key().verifies("\x72", signature));
  for (char& byte : signature) {
    byte ^= 1;
    EXPECT_FALSE(kPublic.verifies("\x72", signature));
    byte ^= 1;
  }
}

TEST(Ed25519Test, KeysAreWrittenAsPemAndReadAgain) {
  const SigningKey other(std::string(kSeedBytes, 'x'));
  const auto keys = read_signing_keys(kKey.to_pem() + "\n# the older one\n" + other.to_pem());
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].public_key(), kPublic);
  EXPECT_EQ((*keys)[1].public_key(), other.public_key());
  const auto open = read_public_keys(kPublic.to_pem() + other.public_key().to_pem());
  ASSERT_TRUE(open) << open.error().message;
  EXPECT_EQ(*open, (std::vector<PublicKey>{kPublic, other.public_key()}));
  EXPECT_NE(kPublic.id(), other.public_key().id());
  EXPECT_EQ(kPublic.id().size(), 64u);
}

TEST(Ed25519Test, WhatIsNoKeyIsRefusedWithoutBeingRepeated) {
  std::string damaged = kKey.to_pem();
  damaged[damaged.find('\n') + 5] = '!';
  for (const std::string& text : {std::string(), std::string("c2VjcmV0"), damaged,
                                  kKey.to_pem() + damaged, kPublic.to_pem()}) {
    const auto keys = read_signing_keys(text);
    ASSERT_FALSE(keys) << text;
    EXPECT_EQ(keys.error().code, Code::invalid_argument);
    EXPECT_THAT(keys.error().message, HasSubstr("openssl genpkey -algorithm ed25519"));
  }
  EXPECT_FALSE(read_public_keys("x"));
  const auto secret = read_public_keys(kKey.to_pem());
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, HasSubstr("private key"));
}

}  // namespace
}  // namespace waybill
