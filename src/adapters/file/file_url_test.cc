#include "adapters/file/file_url.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(FileUrl, NamesAnAbsoluteDirectory) {
  EXPECT_EQ(parse_file_url("file:///srv/drop"), "/srv/drop");
  EXPECT_EQ(parse_file_url("file:///srv/drop/"), "/srv/drop");
  EXPECT_EQ(parse_file_url("file://localhost/srv"), "/srv");
  EXPECT_EQ(parse_file_url("file:///"), "/");
  EXPECT_EQ(parse_file_url("file:///with%20space/50%25"), "/with space/50%");
}

TEST(FileUrl, IsRefusedWithAnExampleOfARightOne) {
  for (const char* url :
       {"", "/srv/drop", "file:", "file:/srv", "file://host/srv", "file://srv", "s3://bucket",
        "file:///a?b", "file:///a#b", "file:///a%2", "file:///a%zz", "file:///a%00b"}) {
    const Result<std::string> directory = parse_file_url(url);
    ASSERT_FALSE(directory) << url;
    EXPECT_EQ(directory.error().code, Code::invalid_argument);
    EXPECT_NE(directory.error().message.find("file:///srv/drop"), std::string::npos);
  }
}

TEST(FileUrl, HoldsNoZeroByteHoweverItIsWritten) {
  for (const std::string& url : {std::string("file:///a%00b"), std::string("file:///a\0b", 11)}) {
    const auto path = parse_file_url(url);
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, Code::invalid_argument);
  }
}

TEST(FileUrl, IsWrittenSoThatItIsReadBack) {
  for (const char* directory : {"/", "/srv/drop", "/a b/%/ü?#"}) {
    EXPECT_EQ(parse_file_url(to_file_url(directory)), directory);
  }
  EXPECT_EQ(to_file_url("/a b"), "file:///a%20b");
}

}  // namespace
}  // namespace waybill
