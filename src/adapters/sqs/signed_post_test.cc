#include "adapters/sqs/signed_post.h"

#include <gtest/gtest.h>

namespace waybill::sqs {
namespace {

// The keys of Amazon's test suite for Signature Version 4.
AwsCredentials kExample() {
  return {.access_key_id = "AKIDEXAMPLE",
          .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
}

std::string authorization(const AwsCredentials& credentials,
                          HttpRequest request = {.method = "POST",
                                                 .url = "https://example.amazonaws.com/"}) {
  sign_post(request, credentials, {.region = "us-east-1", .service = "service"},
            *parse_time("2015-08-30T12:36:00Z"));
  return request.headers.back().second;
}

// post-vanilla of that suite.
TEST(SignedPost, IsAsInAmazonsTestSuite) {
  EXPECT_EQ(authorization(kExample()),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

// What botocore 1.43 makes of the same two requests.
TEST(SignedPost, SignsTokenPortAndBodyAsAmazonsOwnClientDoes) {
  AwsCredentials credentials = kExample();
  credentials.session_token =
      "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP"
      "IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7"
      "WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm"
      "8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
  EXPECT_EQ(authorization(credentials),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-security-token, "
            "Signature=cee3bedca83f8560f8dc7a6f20469b9853523f2fd7e77d4f32a32d7b2d2d4d2c");
  const std::string with_body = authorization(
      credentials,
      {.method = "POST", .url = "http://127.0.0.1:5000/", .body = "Action=PublishBatch"});
  EXPECT_TRUE(
      with_body.ends_with("64aeeed878128cc4488639d1db8caaedd1d64948b50c09902b834dc43af770fc"))
      << with_body;
}

}  // namespace
}  // namespace waybill::sqs
