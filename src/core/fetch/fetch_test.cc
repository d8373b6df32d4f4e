#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/digest.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"

namespace waybill {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(UrlReference, LeadsWhereTheRfcSays) {
  // RFC 3986, 5.4.
  for (const auto& [reference, url] : std::vector<std::pair<std::string, std::string>>{
           {"g", "http://a/b/c/g"},
           {"./g", "http://a/b/c/g"},
           {"g/", "http://a/b/c/g/"},
           {"/g", "http://a/g"},
           {"//g", "http://g"},
           {"?y", "http://a/b/c/d;p?y"},
           {"g?y", "http://a/b/c/g?y"},
           {"g#s", "http://a/b/c/g"},
           {";x", "http://a/b/c/;x"},
           {"", "http://a/b/c/d;p?q"},
           {".", "http://a/b/c/"},
           {"..", "http://a/b/"},
           {"../g", "http://a/b/g"},
           {"../..", "http://a/"},
           {"../../../g", "http://a/g"},
           {"/./g", "http://a/g"},
           {"/../g", "http://a/g"},
           {"g.", "http://a/b/c/g."},
           {"./g/.", "http://a/b/c/g/"},
           {"g/../h", "http://a/b/c/h"},
           {"g?y/../x", "http://a/b/c/g?y/../x"},
           {"https://x/y", "https://x/y"},
       }) {
    EXPECT_EQ(resolve_http_url("http://a/b/c/d;p?q", reference).value(), url) << reference;
  }
  EXPECT_EQ(resolve_http_url("http://a", "g").value(), "http://a/g");
  for (const char* elsewhere : {"file:///etc/passwd", "ftp://a/b", "gopher://x", "http://", "g:h",
                                "http://a b/", "http:///x"}) {
    EXPECT_FALSE(resolve_http_url("http://a/b", elsewhere)) << elsewhere;
  }
}

TEST(UrlReference, AFileIsNamedByTheEndOfThePath) {
  EXPECT_EQ(file_name_of_url("https://x/zim/a%20b.zim?x=/y"), "a b.zim");
  for (const char* url : {"https://x", "https://x/", "https://x/%2e%2e", "https://x/a%2Fb",
                          "https://x/%00", "https://x/%zz"}) {
    EXPECT_EQ(file_name_of_url(url), "index") << url;
  }
}

TEST(UrlReference, WhatIsShownHoldsNoSecret) {
  EXPECT_EQ(shown_url("https://u:secret@x:1/p?signature=secret#f"), "https://x:1/p?…");
  EXPECT_EQ(shown_url("https://x"), "https://x");
}

TEST(DigestFields, BothGenerationsOfFieldsAreRead) {
  const std::string digest = sha256("x");
  const std::string base64 = to_base64(digest);
  const std::string hex = to_hex(digest);
  EXPECT_THAT(sha256_of_field("SHA-256=" + base64), Optional(hex));
  EXPECT_THAT(sha256_of_field("sha-512=:YQ==:, sha-256=:" + base64 + ":;q=1"), Optional(hex));
  EXPECT_THAT(sha256_of_field("md5=YQ==,sha-256=" + base64), Optional(hex));
  for (const char* other : {"", "md5=YQ==", "sha-256", "sha-256=", "sha-256=:YQ==:", "sha-256=x"}) {
    EXPECT_FALSE(sha256_of_field(other)) << other;
  }
}

TEST(DigestFields, OfSeveralSumsThatOfTheNameCounts) {
  const std::string one(64, 'a');
  const std::string two(64, 'B');
  EXPECT_EQ(sha256_in_sums(one + "\n", "x").value(), one);
  EXPECT_EQ(sha256_in_sums(one + "  other.zim\n", "x").value(), one);
  EXPECT_EQ(sha256_in_sums(one + "  y\r\n" + two + " *./x\n", "x").value(), std::string(64, 'b'));
  EXPECT_FALSE(sha256_in_sums(one + "  y\n" + two + "  z\n", "x"));
  EXPECT_FALSE(sha256_in_sums("<html>not found</html>", "x"));
  EXPECT_FALSE(sha256_in_sums("", "x"));
}

TEST(DigestFields, WhatPeopleWriteForOne) {
  const std::string digits(64, 'c');
  for (const std::string& text :
       {digits, "SHA256:" + digits, "sha-256=" + digits, "1220" + digits, std::string(64, 'C')}) {
    EXPECT_EQ(read_sha256(text).value(), digits) << text;
  }
  EXPECT_FALSE(read_sha256("d41d8cd98f00b204e9800998ecf8427e"));
  EXPECT_FALSE(read_sha256(""));
}

TEST(DigestFields, RangesThatCannotBeAreNone) {
  EXPECT_THAT(parse_content_range("bytes 10-19/20"),
              Optional(Eq(ContentRange{.first = 10, .last = 19, .total = 20})));
  EXPECT_THAT(parse_content_range("bytes 0-0/*"),
              Optional(Eq(ContentRange{.first = 0, .last = 0, .total = -1})));
  for (const char* text : {"", "bytes", "bytes */20", "bytes 5-4/20", "bytes 0-20/20",
                           "bytes -1-2/3", "items 0-1/2", "bytes 0-99999999999999999999/*"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace waybill
