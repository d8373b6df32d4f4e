#include "core/secret_mask.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/percent.h"

namespace waybill {
namespace {

SecretMask mask_of(std::initializer_list<std::string_view> values) {
  SecretMask mask;
  for (const std::string_view value : values) mask.add(value);
  return mask;
}

TEST(SecretMaskTest, AValueIsMaskedWhereverItStands) {
  const SecretMask mask = mask_of({"hunter2"});
  EXPECT_EQ(mask.mask("hunter2"), "***");
  EXPECT_EQ(mask.mask("a hunter2, and hunter2."), "a ***, and ***.");
  EXPECT_EQ(mask.mask("hunter3 hunter"), "hunter3 hunter");
  EXPECT_EQ(mask.mask(""), "");
}

TEST(SecretMaskTest, AValueThatIsShorterThanFourBytesIsNot) {
  EXPECT_TRUE(mask_of({"abc"}).empty());
  EXPECT_EQ(mask_of({"abc", "abcd"}).mask("abc abcd"), "abc ***");
}

TEST(SecretMaskTest, ValuesThatOverlapLeaveNothingOfEither) {
  EXPECT_EQ(mask_of({"abcX1", "X1yz9"}).mask("-abcX1yz9-"), "-***-");
  EXPECT_EQ(mask_of({"secret", "secret-two"}).mask("secret-two secret"), "*** ***");
}

TEST(SecretMaskTest, ItIsFoundInBase64WhateverStandsBeforeIt) {
  const std::string value = "open sesame?>";
  const SecretMask mask = mask_of({value});
  for (const std::string before : {"", "a", "ab", "user:", "user1:", "user12:"}) {
    const std::string text = mask.mask(to_base64(before + value + "tail"));
    EXPECT_NE(text.find("***"), text.npos) << before;
    EXPECT_LE(text.size(), before.size() * 2 + 16) << "nearly all of it is masked: " << text;
  }
  EXPECT_EQ(mask.mask(to_base64url(value)), "***");
  EXPECT_EQ(mask.mask(to_base64(value)), "***");
}

TEST(SecretMaskTest, ItIsFoundPercentEncodedAndInAJsonString) {
  const std::string value = "p@ss \"w\"\n/rd";
  const SecretMask mask = mask_of({value});
  EXPECT_EQ(mask.mask("https://u:" + to_percent(value) + "@host"), "https://u:***@host");
  EXPECT_EQ(mask.mask(R"({"p":"p@ss \"w\"\n/rd"})"), R"({"p":"***"})");
}

TEST(SecretMaskTest, ItIsFoundAsOtherLanguagesEncodeIt) {
  const SecretMask mask = mask_of({"p@ss!word (x)/\u00e9\U0001f511~"});
  for (const char* form :
       {"p%40ss%21word%20%28x%29%2F%C3%A9%F0%9F%94%91~",  // Python's quote(s, "")
        "p%40ss%21word%20%28x%29/%C3%A9%F0%9F%94%91~",    // quote(s)
        "p%40ss%21word+%28x%29%2F%C3%A9%F0%9F%94%91~",    // quote_plus
        "p%40ss%21word+%28x%29%2F%C3%A9%F0%9F%94%91%7E",  // a form's
        "p%40ss!word%20(x)%2F%C3%A9%F0%9F%94%91~",        // encodeURIComponent
        "p@ss!word%20(x)/%C3%A9%F0%9F%94%91~",            // encodeURI
        "p%40ss%21word%20%28x%29%2f%c3%a9%f0%9f%94%91~",  // small digits
        R"(p@ss!word (x)/\u00e9\ud83d\udd11~)",           // Python's json.dumps
        R"(p@ss!word (x)\/\u00e9\ud83d\udd11~)",          // PHP's json_encode
        "p@ss!word (x)\\/\u00e9\U0001f511~"}) {
    EXPECT_EQ(mask.mask(form), "***") << form;
  }
}

TEST(SecretMaskTest, JsonStaysJson) {
  const SecretMask mask = mask_of({"12345", "a\":\"b"});
  EXPECT_EQ(mask.mask_json(R"({"n":12345,"l":[123456,true]})"), R"({"n":"***","l":["***",true]})");
  EXPECT_EQ(mask.mask_json(R"({"n":1})"), R"({"n":1})");
  EXPECT_EQ(mask.mask_json(R"({"a":"b"})"), R"({"masked":"***"})") << "it spans the syntax";
  EXPECT_EQ(mask.mask_json(""), "");
}

TEST(SecretMaskTest, AStreamIsMaskedTheSameHoweverItIsCut) {
  const SecretMask mask = mask_of({"hunter2", "hunter2-long", "erXY99", "aaaaab"});
  const std::string text =
      "x hunter2 hunter2-lon hunter2-long huntehunter2 hunterXY99 aaaaaaaab aaaa end";
  const std::string whole = mask.mask(text);
  EXPECT_EQ(whole, "x *** ***-lon *** hunte*** hunt*** aaa*** aaaa end");
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      MaskedStream stream;
      std::string out = stream.add(mask, text.substr(0, first));
      out += stream.add(mask, text.substr(first, second - first));
      out += stream.add(mask, text.substr(second));
      out += stream.finish(mask);
      ASSERT_EQ(out, whole) << first << " " << second;
    }
  }
}

TEST(SecretMaskTest, OnlyWhatMayBeTheBeginningOfAValueIsHeldBack) {
  const SecretMask mask = mask_of({"hunter2"});
  MaskedStream stream;
  EXPECT_EQ(stream.add(mask, "all of it\n"), "all of it\n");
  EXPECT_EQ(stream.add(mask, "but hun"), "but ");
  EXPECT_TRUE(stream.holds_back());
  EXPECT_EQ(stream.add(mask, "gry"), "hungry");
  EXPECT_EQ(stream.add(mask, "hun"), "");
  EXPECT_EQ(stream.finish(mask), "hun");
}

TEST(SecretMaskTest, AnEndThatWasCutOffIsMaskedToo) {
  const SecretMask mask = mask_of({"hunter2"});
  MaskedStream stream;
  EXPECT_EQ(stream.add(mask, "is hunte"), "is ");
  EXPECT_EQ(stream.finish(mask), "***");
}

}  // namespace
}  // namespace waybill
