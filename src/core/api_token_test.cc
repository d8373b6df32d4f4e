#include "core/api_token.h"

#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

/// Bytes from 0 up.
std::string some_bytes() {
  std::string bytes;
  for (std::size_t i = 0; i < kTokenRandomBytes; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

const std::string kText =
    "wb_00010203_0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223";
constexpr Time kNow{1'000'000'000s};

TokenRecord a_record() {
  return {.id = "00010203",
          .name = "ci",
          .role = Role::submitter,
          .hash = std::string(kTokenHashBytes, 'h'),
          .created_at = kNow,
          .created_by = "ann"};
}

TEST(ApiToken, TheFirstRandomBytesAreItsIdAndTheOthersItsSecret) {
  const ApiToken token = make_api_token(some_bytes());
  EXPECT_EQ(token.id, "00010203");
  EXPECT_EQ(token.secret, some_bytes().substr(4));
  EXPECT_EQ(to_string(token), kText);
}

TEST(ApiToken, IsReadAsItIsWritten) {
  EXPECT_EQ(parse_api_token(kText), make_api_token(some_bytes()));
  const ApiToken highest = make_api_token(std::string(kTokenRandomBytes, '\xff'));
  EXPECT_EQ(parse_api_token(to_string(highest)), highest);
}

TEST(ApiToken, AnythingElseIsNoToken) {
  EXPECT_EQ(parse_api_token(""), std::nullopt);
  EXPECT_EQ(parse_api_token("wb_"), std::nullopt);
  EXPECT_EQ(parse_api_token(kText + "0"), std::nullopt);
  EXPECT_EQ(parse_api_token(kText.substr(1)), std::nullopt);
  EXPECT_EQ(parse_api_token(" " + kText.substr(0, kText.size() - 1)), std::nullopt);
  // Each place of the text must hold what belongs there.
  for (std::size_t i = 0; i < kText.size(); ++i) {
    for (const char wrong : {'g', 'A', '-', '\0', '\n', '/', ':', '`'}) {
      std::string text = kText;
      text[i] = wrong;
      EXPECT_EQ(parse_api_token(text), std::nullopt) << text;
    }
  }
}

TEST(ApiToken, AnIdIsEightHexDigitsInLowerCase) {
  EXPECT_TRUE(is_token_id("09afbc12"));
  for (const char* text : {"", "09afbc1", "09afbc123", "09AFBC12", "09afbcg2", "ci"}) {
    EXPECT_FALSE(is_token_id(text)) << text;
  }
}

TEST(ApiToken, ItsHashIsThatOfTheSecretAlone) {
  ApiToken token = make_api_token(some_bytes());
  EXPECT_EQ(hash_of(token), sha256(some_bytes().substr(4)));
  EXPECT_EQ(hash_of(token).size(), kTokenHashBytes);
  token.secret.back() ^= 1;
  EXPECT_NE(hash_of(token), sha256(some_bytes().substr(4)));
}

TEST(ApiToken, TextsAreEqualIfAllTheirBytesAre) {
  const std::string text = some_bytes();
  EXPECT_TRUE(equal_in_constant_time(text, some_bytes()));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time(text, text.substr(1)));
  EXPECT_FALSE(equal_in_constant_time(text, text + '\0'));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_FALSE(equal_in_constant_time(text, other)) << i;
    }
  }
}

TEST(TokenRecordCheck, TakesWhatIsWhole) {
  EXPECT_TRUE(check_token(a_record()));
  TokenRecord record = a_record();
  record.expires_at = kNow + 1us;
  EXPECT_TRUE(check_token(record));
}

TEST(TokenRecordCheck, RefusesEachPartThatIsNotAsItMustBe) {
  const auto refused = [](auto change) {
    TokenRecord record = a_record();
    change(record);
    const Status status = check_token(record);
    return !status && status.error().code == Code::invalid_argument;
  };
  EXPECT_TRUE(refused([](TokenRecord& record) { record.name = "A b"; }));
  EXPECT_TRUE(refused([](TokenRecord& record) { record.name = ""; }));
  EXPECT_TRUE(refused([](TokenRecord& record) { record.name = "deadbeef"; })) << "an id";
  EXPECT_TRUE(refused([](TokenRecord& record) { record.id = "1"; }));
  EXPECT_TRUE(refused([](TokenRecord& record) { record.hash = "short"; }));
  EXPECT_TRUE(refused([](TokenRecord& record) { record.expires_at = kNow; }));
}

TEST(TokenState, IsExpiredFromItsLastMomentOnAndRevokedForEver) {
  TokenRecord record = a_record();
  EXPECT_EQ(state_of(record, kNow + 24h * 365 * 100), TokenState::active);
  record.expires_at = kNow + 1h;
  EXPECT_EQ(state_of(record, kNow + 1h - 1us), TokenState::active);
  EXPECT_EQ(state_of(record, kNow + 1h), TokenState::expired);
  record.revoked_at = kNow + 1min;
  EXPECT_EQ(state_of(record, kNow), TokenState::revoked);
  EXPECT_EQ(state_of(record, kNow + 1h), TokenState::revoked);
}

TEST(TokenState, HasANameForEachState) {
  EXPECT_EQ(to_string(TokenState::active), "active");
  EXPECT_EQ(to_string(TokenState::expired), "expired");
  EXPECT_EQ(to_string(TokenState::revoked), "revoked");
}

}  // namespace
}  // namespace waybill
