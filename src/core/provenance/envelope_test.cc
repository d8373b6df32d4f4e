#include "core/provenance/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"

namespace waybill::provenance {
namespace {

using testing::HasSubstr;
using testing::Not;

const SigningKey kKey(std::string(kSeedBytes, 'k'));
const SigningKey kOther(std::string(kSeedBytes, 'o'));
constexpr const char* kStatement = R"({"_type":"x"})";

std::vector<PublicKey> keys(std::initializer_list<SigningKey> list) {
  std::vector<PublicKey> open;
  for (const SigningKey& key : list) open.push_back(key.public_key());
  return open;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos);
  return text.replace(at, from.size(), to);
}

// protocol.md of DSSE, "Test Vectors".
TEST(EnvelopeTest, WhatIsSignedIsAsDsseSays) {
  EXPECT_EQ(signed_bytes("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(EnvelopeTest, WhatWasSealedIsOpenedWithItsKeyWhicheverStandFirst) {
  const std::string sealed = seal_statement(kStatement, kKey);
  EXPECT_EQ(sealed, seal_statement(kStatement, kKey));
  const auto opened = open_envelope(sealed, keys({kOther, kKey}));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->statement, kStatement);
  EXPECT_EQ(opened->key, kKey.public_key());
}

TEST(EnvelopeTest, AnotherKeyIsToldApartFromAChange) {
  const std::string sealed = seal_statement(kStatement, kKey);
  const auto wrong = open_envelope(sealed, keys({kOther}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::permission_denied);
  EXPECT_THAT(wrong.error().message, HasSubstr(kKey.public_key().id()));
  EXPECT_THAT(wrong.error().message, HasSubstr(kOther.public_key().id()));
  const std::string changed =
      replaced(sealed, to_base64(kStatement), to_base64("{\"_type\":\"y\"}"));
  const auto tampered = open_envelope(changed, keys({kKey}));
  ASSERT_FALSE(tampered);
  EXPECT_EQ(tampered.error().code, Code::data_loss);
  EXPECT_THAT(tampered.error().message, HasSubstr("was changed after it was signed"));
}

TEST(EnvelopeTest, AKeysIdIsAHint) {
  const std::string sealed = seal_statement(kStatement, kKey);
  const std::string id = kKey.public_key().id();
  for (const std::string& hint :
       {std::string(), std::string("nonsense"), kOther.public_key().id()}) {
    EXPECT_TRUE(open_envelope(replaced(sealed, id, hint), keys({kKey}))) << hint;
  }
  const auto odd = open_envelope(replaced(sealed, id, R"(\u001b[2J)"), keys({kOther}));
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, Not(HasSubstr("\x1b")));
}

TEST(EnvelopeTest, OneOfSeveralSignaturesIsEnoughAndBothAlphabetsAreRead) {
  const std::string bytes = signed_bytes(kPayloadType, "\xff\xff?");
  const std::string sealed = R"({"payloadType":"application/vnd.in-toto+json","payload":")" +
                             to_base64url("\xff\xff?") +
                             R"(","other":1,"signatures":[{"sig":"AA=="},{"sig":")" +
                             to_base64url(kKey.sign(bytes)) + R"("}]})";
  const auto opened = open_envelope(sealed, keys({kKey}));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->statement, "\xff\xff?");
}

TEST(EnvelopeTest, WhatIsNoEnvelopeIsRefused) {
  const std::string sealed = seal_statement(kStatement, kKey);
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), sealed.substr(0, sealed.size() / 2),
        replaced(sealed, "application/vnd.in-toto+json", "application/json"),
        replaced(sealed, to_base64(kStatement), "?"), replaced(sealed, "\"sig\":\"", "\"sig\":\"?"),
        replaced(sealed, "[{", "[1,{"),
        std::string(
            R"({"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[]})")}) {
    const auto opened = open_envelope(text, keys({kKey}));
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().code, Code::invalid_argument) << text;
    EXPECT_THAT(opened.error().message, HasSubstr("no signed statement of provenance"));
  }
}

}  // namespace
}  // namespace waybill::provenance
