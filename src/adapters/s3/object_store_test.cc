#include "adapters/s3/object_store.h"

#include <gtest/gtest.h>

#include <deque>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

class FixedCredentials final : public AwsCredentialSource {
 public:
  Result<AwsCredentials> credentials(const Deadline&) override {
    return AwsCredentials{.access_key_id = "AKID",
                          .secret_access_key = "hush-secret",
                          .session_token = "hush-session"};
  }
  std::string identity() const override { return "fixed"; }
};

HttpResponse answer(int status, std::string body = {}, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
HttpResponse error(int status, const std::string& code) {
  return answer(status, "<Error><Code>" + code + "</Code><Message>says why</Message></Error>");
}
tl::unexpected<Error> lost() { return fail(Code::aborted, "the connection was cut"); }

std::string value(const HttpRequest& request, std::string_view name) {
  for (const auto& [field, text] : request.headers) {
    if (field == name) return text;
  }
  return "(none)";
}

/// A store whose server gives the answers of a script, one after another.
class S3ObjectStoreTest : public testing::Test {
 protected:
  void answers(std::vector<Result<HttpResponse>> script) {
    script_.assign(script.begin(), script.end());
  }

  std::deque<Result<HttpResponse>> script_;
  SimClock clock_;
  FixedCredentials credentials_;
  FakeHttpClient http_{[this](const HttpRequest&) -> Result<HttpResponse> {
    if (script_.empty()) return fail(Code::internal, "one request too many");
    auto next = std::move(script_.front());
    script_.pop_front();
    return next;
  }};
  S3ObjectStore store_{{.address = {.region = "eu-west-1", .bucket = "drop"}},
                       {.http = http_, .credentials = credentials_, .clock = clock_}};
};

TEST_F(S3ObjectStoreTest, RequestsAreSignedAndKeysEncoded) {
  answers({answer(200, "body")});
  EXPECT_EQ(*store_.get("a b/ü+%?#"), "body");
  const HttpRequest request = http_.requests().at(0);
  EXPECT_EQ(request.url, "https://drop.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B%25%3F%23");
  EXPECT_EQ(value(request, "x-amz-security-token"), "hush-session");
  EXPECT_NE(value(request, "authorization").find("/eu-west-1/s3/aws4_request"), std::string::npos);
}

TEST_F(S3ObjectStoreTest, APutCarriesTheHashOfItsBody) {
  answers({answer(200)});
  ASSERT_TRUE(store_.put("k", "hello"));
  EXPECT_EQ(value(http_.requests().at(0), "content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_EQ(value(http_.requests().at(0), "if-none-match"), "(none)");
  EXPECT_NE(http_.requests().at(0).repeat, Repeat::never);
}

TEST_F(S3ObjectStoreTest, AListingIsReadWithItsNamesDecoded) {
  answers({answer(200,
                  "<ListBucketResult><EncodingType>url</EncodingType>"
                  "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1</"
                  "NextContinuationToken><Contents><Key>a+b%2Bc%0A</Key><Size>7</Size>"
                  "<LastModified>2020-10-31T12:00:00.000Z</LastModified></Contents>"
                  "<CommonPrefixes><Prefix>d%2F</Prefix></CommonPrefixes></ListBucketResult>"),
           answer(200, "<ListBucketResult/>")});
  const auto page = store_.list({.prefix = "p&", .delimiter = "/"});
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "a b+c\n");
  EXPECT_EQ(page->objects[0].size_bytes, 7u);
  EXPECT_EQ(page->objects[0].modified_at, *parse_time("2020-10-31T12:00:00Z"));
  EXPECT_EQ(page->prefixes, std::vector<std::string>{"d/"});
  EXPECT_NE(http_.requests().at(0).url.find("&prefix=p%26&delimiter=%2F"), std::string::npos);
  ASSERT_TRUE(store_.list({.token = page->next_token}));
  EXPECT_NE(http_.requests().at(1).url.find("&continuation-token=t%2F1"), std::string::npos);
}

TEST_F(S3ObjectStoreTest, AListingEndsAtItsBoundWithoutFurtherPages) {
  answers({answer(200,
                  "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
                  "NextContinuationToken><Contents><Key>a</Key><Size>1</Size></Contents>"
                  "<Contents><Key>b</Key><Size>1</Size></Contents></ListBucketResult>")});
  const auto page = store_.list({.end_before = "b"});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->next_token, "");
}

TEST_F(S3ObjectStoreTest, WhatIsNoListingIsRefused) {
  for (const char* body :
       {"", "<html/>", "<ListBucketResult>", "<ListBucketResult><Contents/></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    answers({answer(200, body)});
    const auto page = store_.list({});
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().code, Code::data_loss);
  }
}

TEST_F(S3ObjectStoreTest, ErrorsSayWhatToDoAndNoSecret) {
  const struct {
    int status;
    std::string name;
    Code code;
    std::string says;
  } cases[] = {
      {404, "NoSuchBucket", Code::not_found, "check the name"},
      {404, "NoSuchKey", Code::not_found, "'k'"},
      {403, "AccessDenied", Code::permission_denied, "policies"},
      {503, "SlowDown", Code::unavailable, "slowly"},
      {500, "InternalError", Code::unavailable, "try again"},
      {502, "", Code::unavailable, "502"},
      {400, "ExpiredToken", Code::unauthenticated, "renew"},
      {403, "InvalidAccessKeyId", Code::unauthenticated, "AWS_ACCESS_KEY_ID"},
      {403, "SignatureDoesNotMatch", Code::unauthenticated, "AWS_SECRET_ACCESS_KEY"},
      {403, "RequestTimeTooSkewed", Code::failed_precondition, "clock"},
  };
  for (const auto& one : cases) {
    answers({error(one.status, one.name)});
    const auto got = store_.get("k");
    ASSERT_FALSE(got) << one.name;
    EXPECT_EQ(got.error().code, one.code) << one.name;
    EXPECT_NE(got.error().message.find(one.says), std::string::npos) << got.error().message;
    EXPECT_EQ(got.error().message.find("hush"), std::string::npos) << got.error().message;
  }
}

TEST_F(S3ObjectStoreTest, ABusyServerSaysWhenToComeBack) {
  answers({answer(503, "<Error><Code>SlowDown</Code></Error>", {{"retry-after", "7"}})});
  EXPECT_EQ(store_.get("k").error().retry_after, std::chrono::seconds(7));
}

TEST_F(S3ObjectStoreTest, ABucketOfAnotherRegionIsNamedAsItShouldBe) {
  answers({answer(301, "<Error><Code>PermanentRedirect</Code></Error>",
                  {{"x-amz-bucket-region", "us-west-2"}})});
  const auto page = store_.list({});
  EXPECT_EQ(page.error().code, Code::failed_precondition);
  EXPECT_NE(page.error().message.find("write s3://us-west-2/drop"), std::string::npos);
}

TEST_F(S3ObjectStoreTest, AConditionalPutThatFindsAnObjectIsRefused) {
  answers({error(412, "PreconditionFailed")});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::already_exists);
  EXPECT_EQ(value(http_.requests().at(0), "if-none-match"), "*");
  EXPECT_EQ(http_.requests().at(0).repeat, Repeat::never);
}

TEST_F(S3ObjectStoreTest, AConditionalPutWhoseAnswerWasLostKnowsItsOwnObject) {
  answers({lost(), error(412, "PreconditionFailed"), answer(200, "ours")});
  EXPECT_TRUE(store_.put_if_absent("k", "ours"));
  answers({error(500, "InternalError"), error(412, "PreconditionFailed"), answer(200, "theirs")});
  EXPECT_EQ(store_.put_if_absent("k", "ours").error().code, Code::already_exists);
}

TEST_F(S3ObjectStoreTest, AnErrorOrAPageUnderAStatusOfSuccessIsNoPut) {
  answers({error(200, "InternalError")});
  EXPECT_EQ(store_.put("k", "x").error().code, Code::unavailable);
  answers({answer(200, "<!DOCTYPE html><html>Log in</html>")});
  EXPECT_EQ(store_.put("k", "x").error().code, Code::failed_precondition);
  answers({error(200, "InternalError"), error(412, "PreconditionFailed"), answer(200, "ours")});
  EXPECT_TRUE(store_.put_if_absent("k", "ours")) << "it had been carried out";
  answers({error(200, "SlowDown"), answer(200)});
  EXPECT_TRUE(store_.put_if_absent("k", "ours"));
  const auto page = answer(200, "<html>Log in</html>");
  answers({page, page, page, page, page});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable);
}

TEST_F(S3ObjectStoreTest, AConditionalPutWaitsForARivalThatIsWriting) {
  answers({error(409, "ConditionalRequestConflict"), error(412, "PreconditionFailed")});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::already_exists);
  answers({error(409, "ConditionalRequestConflict"), answer(200)});
  EXPECT_TRUE(store_.put_if_absent("k", "x"));
}

TEST_F(S3ObjectStoreTest, AConditionalPutGivesUpInTheEnd) {
  answers({lost(), lost(), lost(), lost(), lost()});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable);
  EXPECT_TRUE(script_.empty());
}

TEST_F(S3ObjectStoreTest, AConditionalPutWaitsAsLongAsItIsAskedToButNotForHours) {
  const auto busy = [](const std::string& seconds) {
    return answer(503, "<Error><Code>SlowDown</Code></Error>", {{"retry-after", seconds}});
  };
  SteadyTime began = clock_.steady_now();
  answers({busy("7"), answer(200)});
  EXPECT_TRUE(store_.put_if_absent("k", "x"));
  EXPECT_EQ(clock_.steady_now() - began, std::chrono::seconds(7));
  began = clock_.steady_now();
  answers({busy("3600"), answer(200)});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable);
  EXPECT_EQ(clock_.steady_now(), began);
  answers({busy("50"), busy("50"), busy("50"), busy("50"), busy("50")});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable);
  EXPECT_LE(clock_.steady_now() - began, std::chrono::minutes(2));
}

TEST_F(S3ObjectStoreTest, AProbeTellsWhetherConditionalPutsAreHonoured) {
  answers({answer(200), error(412, "PreconditionFailed"), answer(204)});
  EXPECT_TRUE(*store_.probe_conditional_put("probe"));
  EXPECT_TRUE(store_.caps().conditional_put);
  answers({answer(200), answer(200), answer(204)});
  EXPECT_FALSE(*store_.probe_conditional_put("probe"));
  EXPECT_FALSE(store_.caps().conditional_put);
  answers({answer(200, "there")});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::already_exists);
  answers({error(404, "NoSuchKey"), answer(200)});
  EXPECT_TRUE(store_.put_if_absent("k", "x"));
  answers({answer(200), error(412, "PreconditionFailed"), error(403, "AccessDenied")});
  EXPECT_TRUE(*store_.probe_conditional_put("probe")) << "it may not be ours to remove";
  answers({error(403, "AccessDenied")});
  EXPECT_EQ(store_.probe_conditional_put("probe").error().code, Code::permission_denied);
}

TEST_F(S3ObjectStoreTest, RemovingWhatIsNotThereIsFineButNotWithoutABucket) {
  answers({answer(204)});
  EXPECT_TRUE(store_.remove("k"));
  answers({error(404, "NoSuchKey")});
  EXPECT_TRUE(store_.remove("k"));
  answers({error(404, "NoSuchBucket")});
  EXPECT_EQ(store_.remove("k").error().code, Code::not_found);
}

}  // namespace
}  // namespace waybill
