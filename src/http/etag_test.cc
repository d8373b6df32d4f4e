#include "http/etag.h"

#include <gtest/gtest.h>

namespace waybill::http {
namespace {

TEST(Etag, OfCompressedTextIsAnother) { EXPECT_EQ(etag_of_gzip("\"a\""), "\"a-gzip\""); }

TEST(Etag, IsFoundInTheListOfACondition) {
  for (const char* header :
       {"*", " * ", "\"a\"", "\"b\", \"a\"", "\"b\",\"a\",\"c\"", "\"a-gzip\""}) {
    EXPECT_TRUE(names_etag(header, "\"a\"", EtagsAre::strong)) << header;
    EXPECT_TRUE(names_etag(header, "\"a\"", EtagsAre::weak)) << header;
  }
  for (const char* header : {"", "a", "\"", "\"b\"", "\"b,\"a\"\"", "\"a-br\""}) {
    EXPECT_FALSE(names_etag(header, "\"a\"", EtagsAre::weak)) << header;
  }
}

TEST(Etag, ThatIsWeakIsTheSameOnlyWhereThatIsEnough) {
  for (const char* header : {"W/\"a\"", "\"b\", W/\"a\"", "W/\"a-gzip\""}) {
    EXPECT_FALSE(names_etag(header, "\"a\"", EtagsAre::strong)) << header;
    EXPECT_TRUE(names_etag(header, "\"a\"", EtagsAre::weak)) << header;
  }
}

}  // namespace
}  // namespace waybill::http
