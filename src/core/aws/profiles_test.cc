#include "core/aws/profiles.h"

#include <gtest/gtest.h>

namespace waybill::aws {
namespace {

TEST(Profiles, ACredentialsFileNamesProfilesPlainly) {
  const Profiles profiles = parse_profiles(
      "# mine\n[default]\naws_access_key_id = AKID\r\nAWS_Secret_Access_Key=a+b/c=# not; one\n\n"
      "[work]\n; theirs\naws_access_key_id=AKID2 # comment\n",
      ProfileFile::credentials);
  ASSERT_EQ(profiles.size(), 2u);
  EXPECT_EQ(profiles.at("default").at("aws_access_key_id"), "AKID");
  EXPECT_EQ(profiles.at("default").at("aws_secret_access_key"), "a+b/c=# not; one");
  EXPECT_EQ(profiles.at("work").at("aws_access_key_id"), "AKID2");
}

TEST(Profiles, AConfigFileSaysProfileBeforeTheName) {
  const Profiles profiles = parse_profiles(
      "[default]\nregion=eu-west-1\n[profile work]\nregion = us-west-2\ns3 =\n  region = nested\n"
      "[profile \"a b\"]\nregion=x\n[sso-session s]\nregion=y\n[work2]\nregion=z\n",
      ProfileFile::config);
  ASSERT_EQ(profiles.size(), 3u);
  EXPECT_EQ(profiles.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(profiles.at("work").at("region"), "us-west-2");
  EXPECT_EQ(profiles.at("a b").at("region"), "x");
}

TEST(Profiles, NonsenseIsPassedOver) {
  EXPECT_TRUE(parse_profiles("", ProfileFile::config).empty());
  EXPECT_TRUE(parse_profiles("a=b\n[\n=\n[]\nc=d", ProfileFile::credentials).empty());
}

}  // namespace
}  // namespace waybill::aws
