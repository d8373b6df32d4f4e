#include "apps/waybill/secret_key.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <fstream>

#include "base/base64.h"
#include "base/seal.h"
#include "testing/temporary_directory.h"

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

class DumpableTest : public testing::Test {
 protected:
  void TearDown() override { ::prctl(PR_SET_DUMPABLE, 1); }
  TemporaryDirectory directory_;
  Config config_;
};

TEST_F(DumpableTest, AProcessWithAKeyIsHiddenFromOthersOfItsUser) {
  ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  ASSERT_EQ(*read_secret_key(config_), std::nullopt);
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1) << "without a key there is nothing to hide";
  config_.secret_key_file = directory_.path() + "/key";
  std::ofstream(config_.secret_key_file) << to_base64(std::string(kSealKeyBytes, 'k'));
  ASSERT_TRUE(read_secret_key(config_)->has_value());
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
}

TEST_F(DumpableTest, AFileMayHaveOlderKeysAfterItsFirst) {
  const std::string path = directory_.path() + "/secret.key";
  const std::string keys[] = {std::string(kSealKeyBytes, 'n'), std::string(kSealKeyBytes, 'o')};
  std::ofstream(path) << to_base64(keys[0]) << "\n" << to_base64(keys[1]) << "\n";
  config_.secret_key_file = path;
  EXPECT_EQ(read_secret_keys(config_), (std::vector<std::string>{keys[0], keys[1]}));
  EXPECT_EQ(read_secret_key(config_), keys[0]);
  std::ofstream(path) << to_base64(keys[0]) << "\nhunter2\n";
  EXPECT_EQ(read_secret_keys(config_).error().code, Code::invalid_argument);
  std::ofstream(path) << "\n";
  EXPECT_EQ(read_secret_keys(config_).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill::cli
