#include "services/secret_vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/seal.h"
#include "testing/fake_secret_store.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretVaultTest : public testing::Test {
 protected:
  std::function<std::string(std::size_t)> nonces() {
    return [this](std::size_t count) { return std::string(count, static_cast<char>(++nonce_)); };
  }
  SecretVault vault(std::optional<std::string> key) {
    std::vector<std::string> keys;
    if (key) keys.push_back(*key);
    return SecretVault(store_, clock_, {.keys = std::move(keys), .random_bytes = nonces()});
  }

  const std::string key_ = std::string(kSealKeyBytes, 'k');
  const std::string other_key_ = std::string(kSealKeyBytes, 'o');
  SimClock clock_;
  FakeSecretStore store_;
  int nonce_ = 0;
};

TEST_F(SecretVaultTest, GivesBackWhatWasPutAndTheStoreNeverSeesIt) {
  SecretVault mine = vault(key_);
  EXPECT_EQ(mine.put("token", "hunter2", "ann"), SecretPut::made);
  EXPECT_EQ(mine.secret("token"), "hunter2");
  const SecretRecord record = *store_.get("token");
  EXPECT_THAT(record.sealed, Not(HasSubstr("hunter2")));
  EXPECT_EQ(record.key_id, secret_key_id(key_));
  EXPECT_EQ(record.changed_by, "ann");
  EXPECT_EQ(mine.put("token", "hunter3", "bob"), SecretPut::replaced);
  EXPECT_EQ(mine.secret("token"), "hunter3");
}

TEST_F(SecretVaultTest, WithoutAKeyNothingIsPutOrRead) {
  ASSERT_TRUE(vault(key_).put("token", "hunter2", "ann"));
  SecretVault keyless = vault(std::nullopt);
  EXPECT_EQ(keyless.secret("token").error().code, Code::failed_precondition);
  EXPECT_EQ(keyless.secret("other").error().code, Code::not_found) << "no key would help";
  const auto put = keyless.put("token", "hunter2", "ann");
  EXPECT_EQ(put.error().code, Code::failed_precondition);
  EXPECT_THAT(put.error().message, HasSubstr("--secret-key-file"));
  EXPECT_EQ(keyless.list()->size(), 1U);
}

TEST_F(SecretVaultTest, AnotherKeyIsToldByItsId) {
  ASSERT_TRUE(vault(key_).put("token", "hunter2", "ann"));
  SecretVault other = vault(other_key_);
  const auto value = other.secret("token");
  EXPECT_EQ(value.error().code, Code::failed_precondition);
  EXPECT_THAT(value.error().message, HasSubstr(secret_key_id(key_)));
  EXPECT_THAT(value.error().message, HasSubstr(secret_key_id(other_key_)));
  EXPECT_EQ(other.put("second", "hunter2", "ann").error().code, Code::failed_precondition);
}

TEST_F(SecretVaultTest, WhatWasMovedToAnotherNameCannotBeOpenedThere) {
  SecretVault mine = vault(key_);
  ASSERT_TRUE(mine.put("token", "hunter2", "ann"));
  SecretRecord moved = *store_.get("token");
  moved.name = "other";
  ASSERT_TRUE(store_.put(moved));
  EXPECT_EQ(mine.secret("other").error().code, Code::data_loss);
}

TEST_F(SecretVaultTest, WhatNoVariableCanHoldIsRefusedAndNotRepeated) {
  SecretVault mine = vault(key_);
  using namespace std::string_literals;
  for (const std::string& value :
       {""s, "hunter\0002"s, std::string(kSecretBytesMax, 'h') + "unter"}) {
    const auto put = mine.put("token", value, "ann");
    EXPECT_EQ(put.error().code, Code::invalid_argument);
    EXPECT_THAT(put.error().message, Not(HasSubstr("hunter")));
  }
  EXPECT_EQ(mine.put("A token", "hunter2", "ann").error().code, Code::invalid_argument);
  EXPECT_TRUE(mine.put("token", std::string(kSecretBytesMax, 'h'), "ann"));
}

TEST_F(SecretVaultTest, AllAreSealedUnderAnotherKeyTogether) {
  SecretVault mine = vault(key_);
  ASSERT_TRUE(mine.put("a", "value-a", "ann"));
  ASSERT_TRUE(mine.put("b", "value-b", "ann"));
  EXPECT_EQ(mine.check_all(), 2U);
  EXPECT_EQ(mine.rotate(other_key_), 2U);
  SecretVault other = vault(other_key_);
  EXPECT_EQ(other.secret("a"), "value-a");
  EXPECT_EQ(other.secret("b"), "value-b");
  EXPECT_EQ(mine.secret("a").error().code, Code::failed_precondition);
}

TEST_F(SecretVaultTest, NoneIsSealedAnewIfOneCannotBeOpened) {
  SecretVault mine = vault(key_);
  ASSERT_TRUE(mine.put("a", "value-a", "ann"));
  SecretRecord damaged = *store_.get("a");
  damaged.name = "b";
  ASSERT_TRUE(store_.put(damaged));
  EXPECT_EQ(mine.rotate(other_key_).error().code, Code::data_loss);
  EXPECT_EQ(mine.secret("a"), "value-a");
}

TEST_F(SecretVaultTest, ARunningOneTakesTheNewKeyWhenItIsThere) {
  std::vector<std::string> file = {key_};
  SecretVault running(
      store_, clock_,
      {.keys = file, .random_bytes = nonces(), .read_keys = [&file] { return file; }});
  ASSERT_TRUE(running.put("token", "hunter2", "ann"));
  ASSERT_TRUE(vault(key_).rotate(other_key_));
  EXPECT_EQ(running.secret("token").error().code, Code::failed_precondition);
  file = {other_key_};
  EXPECT_EQ(running.secret("token"), "hunter2");
  EXPECT_EQ(running.put("token", "hunter3", "ann"), SecretPut::replaced);
}

TEST_F(SecretVaultTest, WithBothKeysARotationIsNeverNoticed) {
  const std::vector<std::string> file = {other_key_, key_};
  ASSERT_TRUE(vault(key_).put("token", "hunter2", "ann"));
  SecretVault running(store_, clock_, {.keys = file, .random_bytes = nonces()});
  EXPECT_EQ(running.secret("token"), "hunter2");
  EXPECT_EQ(running.put("more", "hunter4", "ann"), SecretPut::made) << "under the older one";
  EXPECT_EQ(running.rotate(other_key_), 2U);
  EXPECT_EQ(running.secret("token"), "hunter2");
  EXPECT_EQ(running.secret("more"), "hunter4");
  EXPECT_EQ(vault(other_key_).secret("more"), "hunter4");
}

TEST_F(SecretVaultTest, AKeyFileThatCannotBeReadChangesNothing) {
  SecretVault running(store_, clock_,
                      {.keys = {key_},
                       .random_bytes = nonces(),
                       .read_keys = []() -> Result<std::vector<std::string>> {
                         return fail(Code::not_found, "no such file");
                       }});
  ASSERT_TRUE(running.put("token", "hunter2", "ann"));
  ASSERT_TRUE(vault(key_).rotate(other_key_));
  EXPECT_EQ(running.secret("token").error().code, Code::failed_precondition);
  ASSERT_TRUE(vault(other_key_).rotate(key_));
  EXPECT_EQ(running.secret("token"), "hunter2");
}

}  // namespace
}  // namespace waybill
