#include "http/header_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill::http {
namespace {

using testing::HasSubstr;

std::string fault(Pairs headers, HostRule rule = HostRule::may_lack) {
  Request request;
  request.headers = std::move(headers);
  return header_fault(request, rule);
}

TEST(HeaderRules, LetWhatIsUsualThrough) {
  EXPECT_EQ(fault({{"host", "a:80"}, {"accept", "a, b"}, {"accept", "c"}, {"x-utf8", "\xc3\xa9\t"}},
                  HostRule::needed),
            "");
  EXPECT_EQ(fault({}), "");
}

TEST(HeaderRules, RefuseCharactersThatNoHeaderMayHave) {
  for (const char* name : {"", "host ", "a b", "a\tb", "a(b)", "\xc3\xa9"}) {
    EXPECT_THAT(fault({{name, "v"}}), HasSubstr("name")) << name;
  }
  for (const std::string& value : {std::string("a\0b", 3), std::string("a\rb"), std::string("a\nb"),
                                   std::string("a\x01"), std::string("\x7f")}) {
    EXPECT_THAT(fault({{"x", value}}), HasSubstr("the header x has a control character"));
  }
}

TEST(HeaderRules, RefuseTwoOfWhatCanBeMeantOnlyOnce) {
  for (const char* name :
       {"host", "authorization", "content-type", "idempotency-key", "origin", "range"}) {
    EXPECT_THAT(fault({{name, "a"}, {name, "a"}}), HasSubstr("more than one")) << name;
  }
}

TEST(HeaderRules, WantAHostWhereTheVersionDoes) {
  EXPECT_THAT(fault({{"x", "y"}}, HostRule::needed), HasSubstr("no Host"));
  EXPECT_EQ(fault({{"host", ""}}, HostRule::needed), "");
}

TEST(HeaderRules, RefuseALengthInDoubt) {
  const std::pair<std::string, std::string> length = {"content-length", "4"};
  const std::pair<std::string, std::string> chunked = {"transfer-encoding", "Chunked"};
  EXPECT_EQ(fault({length}), "");
  EXPECT_EQ(fault({chunked}), "");
  for (const Pairs& headers :
       {Pairs{length, length}, Pairs{chunked, chunked}, Pairs{length, chunked},
        Pairs{{"content-length", ""}}, Pairs{{"content-length", "+4"}},
        Pairs{{"transfer-encoding", "gzip, chunked"}}}) {
    EXPECT_THAT(fault(headers), HasSubstr("in doubt"));
  }
}

TEST(HeaderRules, PaddingIsNoPartOfAValue) {
  EXPECT_EQ(without_padding(" \ta b\t "), "a b");
  EXPECT_EQ(without_padding(" \t "), "");
}

}  // namespace
}  // namespace waybill::http
