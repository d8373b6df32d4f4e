#include "core/bucket_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using testing::HasSubstr;

TEST(BucketUrl, IsTakenApart) {
  const auto s3 = parse_bucket_url("s3://us-west-1/ingest-bucket");
  ASSERT_TRUE(s3);
  EXPECT_EQ(s3->scheme, BucketScheme::s3);
  EXPECT_EQ(s3->region, "us-west-1");
  EXPECT_EQ(s3->name, "ingest-bucket");
  const auto gs = parse_bucket_url("gs://own.bucket_1");
  ASSERT_TRUE(gs);
  EXPECT_EQ(gs->scheme, BucketScheme::gs);
  EXPECT_EQ(gs->name, "own.bucket_1");
  const auto file = parse_bucket_url("file:///srv/a%20b/");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->scheme, BucketScheme::file);
  EXPECT_EQ(file->name, "/srv/a%20b/");
  EXPECT_EQ(file->text, "file:///srv/a%20b/");
}

TEST(BucketUrl, IsRefusedInTheOriginalsWordsWhereItRefusedToo) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "empty Bucket URL"},
      {"s3://bucket", "invalid S3 Bucket name 's3://bucket'"},
      {"s3://", "invalid S3 Bucket name"},
      {"s3:///name", "invalid S3 Bucket name"},
      {"s3://region/", "invalid S3 Bucket name"},
      {"s3://region/name/more", "invalid S3 Bucket name"},
      {"gs://", "invalid GCS Bucket name"},
      {"gs://a/b", "invalid GCS Bucket name"},
      {"s3:/", "unrecognized Bucket URL 's3:/'"},
      {"file://host/x", "unrecognized Bucket URL"},
      {"/srv/drop", "unrecognized Bucket URL"},
      {"http://x", "unrecognized Bucket URL"}};
  for (const auto& [text, why] : cases) {
    const auto parsed = parse_bucket_url(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::failed_precondition) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(why));
    EXPECT_THAT(parsed.error().message, HasSubstr("gs://NAME"));
  }
}

TEST(BucketUrl, IsMisuseWhereTheOriginalTookIt) {
  for (const char* text : {"s3xxxus-west-1/bucket", "s3:us-west-1/bucket", "gsxxxbucket",
                           "s3:/us-west-1/bucket", "gs:/bucket"}) {
    const auto parsed = parse_bucket_url(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace waybill
