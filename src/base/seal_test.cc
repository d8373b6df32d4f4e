#include "base/seal.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

const std::string kKey(kSealKeyBytes, 'k');
const std::string kNonce(kSealNonceBytes, 'n');

std::string sealed(std::string_view plain) {
  return seal(plain, {.key = kKey, .nonce = kNonce, .place = "secret/a"});
}

TEST(SealTest, WhatIsSealedIsUnsealedAgain) {
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100'000, '\x7f')}) {
    const std::string text = sealed(plain);
    EXPECT_EQ(text.size(), plain.size() + kSealOverheadBytes);
    const auto opened = unseal(text, kKey, "secret/a");
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(*opened, plain);
  }
}

TEST(SealTest, TheTextCannotBeSeenInIt) {
  EXPECT_EQ(sealed("hunter2 hunter2 hunter2").find("hunter2"), std::string::npos);
}

TEST(SealTest, AnyChangedByteIsSeen) {
  const std::string text = sealed("hunter2");
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    const auto opened = unseal(changed, kKey, "secret/a");
    ASSERT_FALSE(opened) << "byte " << i;
    EXPECT_EQ(opened.error().code, Code::data_loss);
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(unseal(text.substr(0, size), kKey, "secret/a")) << "cut to " << size;
  }
}

TEST(SealTest, AnotherKeyOrPlaceDoesNotOpenIt) {
  EXPECT_FALSE(unseal(sealed("hunter2"), std::string(kSealKeyBytes, 'K'), "secret/a"));
  EXPECT_FALSE(unseal(sealed("hunter2"), kKey, "secret/b"));
}

// The Galois/Counter Mode of Operation (McGrew, Viega), test case 13: no text, keys of zeros.
TEST(SealTest, ItIsAes256Gcm) {
  const std::string text =
      seal("", {.key = std::string(32, '\0'), .nonce = std::string(12, '\0'), .place = ""});
  EXPECT_EQ(text.substr(13), "\x53\x0f\x8a\xfb\xc7\x45\x36\xb9\xa9\x63\xb4\xf1\xc4\xcb\x73\x8b");
}

}  // namespace
}  // namespace waybill
