#include "apps/waybill/secret_key.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/seal.h"

namespace waybill::cli {
namespace {

TEST(SecretKeyTest, AKeyIsThirtyTwoBytesInBase64) {
  const std::string key(kSealKeyBytes, '\xa7');
  const auto parsed = parse_secret_key("  " + to_base64(key) + "\n");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, key);
}

TEST(SecretKeyTest, WhatIsNoKeyIsRefusedAndNotRepeated) {
  for (const std::string& text : {std::string(), std::string(" \n"), std::string("hunter2"),
                                 to_base64(std::string(16, 'x')), std::string(64, 'a')}) {
    const auto parsed = parse_secret_key(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument);
    EXPECT_NE(parsed.error().message.find("openssl rand -base64 32"), std::string::npos);
    if (!text.empty()) {
      EXPECT_EQ(parsed.error().message.find(text), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace waybill::cli
