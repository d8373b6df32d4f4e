#include "adapters/s3/address.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(S3Address, NamesRegionAndBucket) {
  const auto address = parse_s3_url("s3://eu-west-1/my.bucket-2");
  ASSERT_TRUE(address);
  EXPECT_EQ(*address, (S3Address{.region = "eu-west-1", .bucket = "my.bucket-2"}));
  EXPECT_EQ(parse_s3_url("s3://eu-west-1/drop/")->bucket, "drop");
  EXPECT_EQ(to_s3_url(*address), "s3://eu-west-1/my.bucket-2");
}

TEST(S3Address, IsRefusedWithAnExampleOfARightOne) {
  for (const char* url : {"", "s3:/", "s3xxxregion/bucket", "s3://bucket", "s3:///bucket",
                          "s3://eu-west-1/", "s3://eu-west-1/a", "s3://eu-west-1/a/b/c",
                          "s3://eu west/bucket", "s3://eu-west-1/buc?ket", "gs://bucket"}) {
    const auto address = parse_s3_url(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().code, Code::invalid_argument);
    EXPECT_NE(address.error().message.find("s3://eu-west-1/my-bucket"), std::string::npos);
  }
}

TEST(S3Address, ABucketIsPartOfTheHostWhereCertificatesAllow) {
  EXPECT_EQ(bucket_endpoint({.region = "eu-west-1", .bucket = "drop"}, ""),
            "https://drop.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(bucket_endpoint({.region = "eu-west-1", .bucket = "dr.op"}, ""),
            "https://s3.eu-west-1.amazonaws.com/dr.op");
  EXPECT_EQ(bucket_endpoint({.region = "cn-north-1", .bucket = "drop"}, ""),
            "https://drop.s3.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(bucket_endpoint({.region = "eu-west-1", .bucket = "drop"}, "http://127.0.0.1:9000/"),
            "http://127.0.0.1:9000/drop");
}

}  // namespace
}  // namespace waybill
