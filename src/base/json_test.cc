#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/rng.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;

std::string literal_of(std::string_view text) {
  std::string out;
  json::append_quoted(out, text);
  return out;
}

std::string read_string(const std::string& literal) {
  const auto value = json::parse(literal);
  EXPECT_TRUE(value) << literal;
  return std::string(value->as_string());
}

TEST(JsonParse, SaysWhereItStopped) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c : std::initializer_list<Case>{{"", "incomplete JSON"},
                                                   {"{\"a\":}", "at byte 5"},
                                                   {"{} x", "at byte 3"},
                                                   {"[1,]", "at byte 3"},
                                                   {"nul", "incomplete JSON"},
                                                   {"\"\xff\"", "at byte 1"},
                                                   {"\"\\ud800\"", "at byte 7"}}) {
    const auto value = json::parse(c.text);
    ASSERT_FALSE(value) << c.text;
    EXPECT_EQ(value.error().code, Code::invalid_argument);
    EXPECT_THAT(value.error().message, HasSubstr("not JSON: "));
    EXPECT_THAT(value.error().message, HasSubstr(c.says)) << c.text;
  }
}

TEST(JsonParse, NumbersAreFinite) {
  for (const char* text : {"1e400", "-1e999", R"({"a":[1,{"b":1e400}]})"}) {
    const auto value = json::parse(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Code::invalid_argument);
    json::Arena arena(100);
    EXPECT_FALSE(json::parse(text, arena)) << text;
  }
  EXPECT_FALSE(json::parse(std::string(400, '9')));
  EXPECT_TRUE(json::parse("1.7e308"));
}

TEST(JsonParse, IsBoundedInDepth) {
  EXPECT_TRUE(json::parse(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(json::parse(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(json::parse(std::string(1'000'000, '[')));
}

TEST(JsonQuoted, EscapesWhatHasToBe) {
  EXPECT_EQ(literal_of("a\"b\\c\n\r\t\x01\x1f"), R"("a\"b\\c\n\r\t\u0001\u001f")");
  EXPECT_EQ(literal_of("\x7f/\u00e9\u20ac\U0001f600"), "\"\x7f/\u00e9\u20ac\U0001f600\"");
  EXPECT_EQ(literal_of(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonQuoted, InvalidUtf8BecomesTheReplacementCharacter) {
  for (const char* bad : {"\xff", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xe0\x80\xaf", "\xf0\x8f\xbf\xbf", "\x80"}) {
    const std::string out = literal_of(std::string("a") + bad + "b");
    EXPECT_THAT(out, ::testing::StartsWith("\"a\xef\xbf\xbd")) << literal_of(bad);
    EXPECT_THAT(out, ::testing::EndsWith("b\"")) << literal_of(bad);
    EXPECT_TRUE(json::parse(out)) << out;
  }
}

RC_GTEST_PROP(JsonQuoted, AnyBytesBecomeAStringThatIsRead, (std::uint64_t seed)) {
  Rng rng(seed);
  std::string bytes(rng.below(40), '\0');
  for (char& c : bytes) c = static_cast<char>(rng.chance(0.5) ? rng.below(128) : rng.next());
  const std::string read = read_string(literal_of(bytes));
  // What is read is valid, so that it comes back as it is.
  RC_ASSERT(read_string(literal_of(read)) == read);
}

boost::json::value any_value(Rng& rng, int depth) {
  switch (rng.below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return rng.chance(0.5);
    case 2:
      return static_cast<std::int64_t>(rng.next() >> rng.below(64));
    case 3:
      return static_cast<double>(rng.below(1'000'000)) / 8;  // exact, see json::parse
    case 4:
      return boost::json::string(std::string(rng.below(5), static_cast<char>('a' + rng.below(26))));
    case 5: {
      boost::json::array array;
      for (auto size = rng.below(4); size > 0; --size) array.push_back(any_value(rng, depth - 1));
      return array;
    }
    default: {
      boost::json::object object;
      for (auto size = rng.below(5); size > 0; --size) {
        object[std::string(1 + rng.below(3), static_cast<char>('a' + rng.below(26)))] =
            any_value(rng, depth - 1);
      }
      return object;
    }
  }
}

boost::json::value shuffled(const boost::json::value& value, Rng& rng) {
  if (const auto* array = value.if_array()) {
    boost::json::array copy;
    for (const auto& element : *array) copy.push_back(shuffled(element, rng));
    return copy;
  }
  if (!value.is_object()) return value;
  std::vector<std::pair<std::string, boost::json::value>> members;
  for (const auto& member : value.get_object()) {
    members.emplace_back(member.key(), shuffled(member.value(), rng));
  }
  for (std::size_t i = members.size(); i > 1; --i) std::swap(members[i - 1], members[rng.below(i)]);
  boost::json::object object;
  for (auto& [key, member] : members) object[key] = std::move(member);
  return object;
}

RC_GTEST_PROP(JsonCanonical, EqualValuesGiveEqualTextThatIsReadBack, (std::uint64_t seed)) {
  Rng rng(seed);
  const auto value = any_value(rng, 4);
  const std::string text = json::canonical(value);
  RC_ASSERT(json::canonical(shuffled(value, rng)) == text);
  RC_ASSERT(json::parse(text).value() == value);
  RC_ASSERT(json::parse(json::serialize(value)).value() == value);
}

TEST(JsonCanonical, KeysAreSortedByBytesAtEveryLevel) {
  EXPECT_EQ(json::canonical(json::parse(R"({"b":[{"z":1,"y":2}],"a":"\u00e9","B":1.5})").value()),
            "{\"B\":1.5E0,\"a\":\"\u00e9\",\"b\":[{\"y\":2,\"z\":1}]}");
}

}  // namespace
}  // namespace waybill
