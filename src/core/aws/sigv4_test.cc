#include "core/aws/sigv4.h"

#include <gtest/gtest.h>

namespace waybill::aws {
namespace {

/// AWS's Signature Version 4 test suite.
constexpr SigningKey kSuiteKey{.access_key_id = "AKIDEXAMPLE",
                               .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
constexpr std::string_view kSuiteToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPf"
    "IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7W"
    "Z0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8F"
    "DrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
/// "Examples: Signature calculations in AWS Signature Version 4", Amazon S3 API reference.
constexpr SigningKey kS3Key{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                            .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

/// Where and when a signature holds.
struct SigningScope {
  std::string region;
  std::string service;
  Time now{};
};

Result<Headers> sign(const UnsignedRequest& request, const SigningKey& key,
                     const SigningScope& scope) {
  return Signer(scope.region, scope.service).sign(request, key, scope.now);
}

SigningScope suite_scope() {
  return {.region = "us-east-1", .service = "service", .now = *parse_time("2015-08-30T12:36:00Z")};
}
SigningScope s3_scope() {
  return {.region = "us-east-1", .service = "s3", .now = *parse_time("2013-05-24T00:00:00Z")};
}

std::string value(const Headers& headers, std::string_view name) {
  for (const auto& [field, text] : headers) {
    if (field == name) return text;
  }
  return "(none)";
}
std::string signature(const Result<Headers>& headers) {
  if (!headers) return headers.error().message;
  const std::string authorization = value(*headers, "authorization");
  return authorization.substr(authorization.find("Signature=") + 10);
}

TEST(SigV4, TheSuitesPlainGetIsSignedAsPublished) {
  const auto headers =
      sign({.method = "GET", .url = "https://example.amazonaws.com/"}, kSuiteKey, suite_scope());
  ASSERT_TRUE(headers);
  EXPECT_EQ(value(*headers, "x-amz-date"), "20150830T123600Z");
  EXPECT_EQ(value(*headers, "x-amz-security-token"), "(none)");
  EXPECT_EQ(value(*headers, "x-amz-content-sha256"), "(none)");
  EXPECT_EQ(value(*headers, "authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, TheSuitesQueriesAreSortedAndEncoded) {
  const auto signed_get = [](std::string_view url) {
    return signature(sign({.method = "GET", .url = url}, kSuiteKey, suite_scope()));
  };
  EXPECT_EQ(signed_get("https://example.amazonaws.com/?Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(signed_get("https://example.amazonaws.com/?-._~0123456789"
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
                       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197");
}

TEST(SigV4, TheSuitesPostsAreSignedAsPublished) {
  EXPECT_EQ(signature(sign({.method = "POST", .url = "https://example.amazonaws.com/"}, kSuiteKey,
                           suite_scope())),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(signature(sign({.method = "POST",
                            .url = "https://example.amazonaws.com/",
                            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                            .body = "Param1=value1"},
                           kSuiteKey, suite_scope())),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(SigV4, TheSuitesSessionTokenIsSigned) {
  SigningKey key = kSuiteKey;
  key.session_token = kSuiteToken;
  EXPECT_EQ(signature(sign({.method = "POST", .url = "https://example.amazonaws.com/"}, key,
                           suite_scope())),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(SigV4, TheDocumentedS3RequestsAreSignedAsPublished) {
  EXPECT_EQ(signature(sign({.method = "GET",
                            .url = "https://examplebucket.s3.amazonaws.com/test.txt",
                            .headers = {{"Range", "bytes=0-9"}}},
                           kS3Key, s3_scope())),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(signature(sign({.method = "PUT",
                            .url = "https://examplebucket.s3.amazonaws.com/test%24file.text",
                            .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                        {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                            .body = "Welcome to Amazon S3."},
                           kS3Key, s3_scope())),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(
      signature(sign({.method = "GET", .url = "https://examplebucket.s3.amazonaws.com/?lifecycle"},
                     kS3Key, s3_scope())),
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature(sign({.method = "GET",
                            .url = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"},
                           kS3Key, s3_scope())),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, HeadersAreFoldedWhateverTheirCaseAndOrder) {
  const auto with = [](Headers headers) {
    return signature(sign({.method = "GET", .url = "https://h/", .headers = std::move(headers)},
                          kSuiteKey, suite_scope()));
  };
  EXPECT_EQ(with({{"X-B", " a   b "}, {"x-a", "1"}}), with({{"x-a", "1"}, {"x-b", "a b"}}));
  EXPECT_NE(with({{"x-a", "1"}}), with({{"x-a", "2"}}));
}

TEST(SigV4, DefaultPortsAreNoPartOfTheHost) {
  const auto at = [](std::string_view url) {
    return signature(sign({.method = "GET", .url = url}, kSuiteKey, suite_scope()));
  };
  EXPECT_EQ(at("https://h:443/"), at("https://h/"));
  EXPECT_EQ(at("http://h:80"), at("http://h/"));
  EXPECT_NE(at("http://h:443/"), at("http://h/"));
}

TEST(SigV4, OnlyS3TakesPathsAsTheyAre) {
  const auto at = [](std::string_view url, std::string_view service) {
    SigningScope scope = suite_scope();
    scope.service = service;
    return signature(sign({.method = "GET", .url = url}, kSuiteKey, scope));
  };
  EXPECT_EQ(at("https://h/a/../b//c", "service"), at("https://h/b/c", "service"));
  EXPECT_NE(at("https://h/a/../b//c", "s3"), at("https://h/b/c", "s3"));
  EXPECT_EQ(at("https://h/%7e", "s3"), at("https://h/~", "s3"));
  EXPECT_NE(at("https://h/%7e", "service"), at("https://h/~", "service"));
}

// What botocore 1.43 makes of the same request.
TEST(SigV4, APortAndABodyAreSignedAsAmazonsOwnClientDoes) {
  SigningKey key = kSuiteKey;
  key.session_token =
      "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP"
      "IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7"
      "WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm"
      "8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
  EXPECT_EQ(signature(sign({.method = "POST",
                            .url = "http://127.0.0.1:5000/",
                            .headers = {},
                            .body = "Action=PublishBatch"},
                           key, suite_scope())),
            "64aeeed878128cc4488639d1db8caaedd1d64948b50c09902b834dc43af770fc");
}

TEST(SigV4, ASignerThatIsUsedAgainSignsAsANewOneDoes) {
  Signer kept("us-east-1", "service");
  const UnsignedRequest request{.method = "GET", .url = "https://h/"};
  SigningKey other = kSuiteKey;
  other.secret_access_key = "another";
  const Time day = suite_scope().now;
  const Time next_day = day + std::chrono::hours(24);
  for (const SigningKey& key : {kSuiteKey, other, kSuiteKey}) {
    for (const Time time : {day, next_day, day}) {
      EXPECT_EQ(signature(kept.sign(request, key, time)),
                signature(sign(request, key, {"us-east-1", "service", time})));
    }
  }
}

TEST(SigV4, WhatIsNoUrlIsRefused) {
  for (const char* url : {"", "h/", "https://", "https://h/?a=%2"}) {
    const auto headers = sign({.method = "GET", .url = url}, kSuiteKey, suite_scope());
    ASSERT_FALSE(headers) << url;
    EXPECT_EQ(headers.error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace waybill::aws
