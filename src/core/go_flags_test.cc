#include "core/go_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr GoFlag kFlags[] = {
    {.name = "dry-run", .type = GoFlagType::boolean, .fallback = "false", .value = "", .help = ""},
    {.name = "grace-period",
     .type = GoFlagType::duration,
     .fallback = "1h",
     .value = "DURATION",
     .help = ""},
    {.name = "workers", .type = GoFlagType::integer, .fallback = "100", .value = "N", .help = ""},
    {.name = "project", .type = GoFlagType::text, .fallback = "", .value = "ID", .help = ""},
};

Result<GoFlagsParsed> parse(const std::vector<std::string>& arguments) {
  return parse_go_flags(kFlags, arguments);
}

std::string refusal(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  EXPECT_FALSE(parsed);
  return parsed ? "" : parsed.error().message;
}

TEST(GoFlags, TakeOneDashOrTwoAndAnEqualsSignOrASpace) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"-workers", "7"}, {"--workers", "7"}, {"-workers=7"}, {"--workers=7"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_THAT(parsed->values, ElementsAre(Pair("workers", "7")));
  }
}

TEST(GoFlags, TakeABooleanAloneOrWithAnEqualsSignOnly) {
  EXPECT_THAT(parse({"--dry-run", "--workers=1"})->values,
              ElementsAre(Pair("dry-run", "true"), Pair("workers", "1")));
  EXPECT_THAT(parse({"-dry-run=F"})->values, ElementsAre(Pair("dry-run", "F")));
  EXPECT_FALSE(go_boolean("F"));
  EXPECT_TRUE(go_boolean("1"));
  EXPECT_THAT(refusal({"--dry-run", "true", "--workers=1"}),
              HasSubstr("unexpected argument \"true\": write a flag that is true or false with"));
  EXPECT_THAT(refusal({"--dry-run="}),
              HasSubstr("invalid boolean value \"\" for -dry-run: parse error"));
}

TEST(GoFlags, TakeEmptyValuesAndValuesThatLookLikeFlags) {
  EXPECT_THAT(parse({"--project", "", "--workers", "-1"})->values,
              ElementsAre(Pair("project", ""), Pair("workers", "-1")));
  EXPECT_THAT(parse({"--project="})->values, ElementsAre(Pair("project", "")));
  EXPECT_THAT(parse({"--project", "--dry-run"})->values, ElementsAre(Pair("project", "--dry-run")));
  EXPECT_THAT(parse({"--project=a=b"})->values, ElementsAre(Pair("project", "a=b")));
}

TEST(GoFlags, LetTheLastOneCount) {
  EXPECT_THAT(parse({"--workers=1", "--workers=2"})->values, ElementsAre(Pair("workers", "2")));
}

TEST(GoFlags, EndAtTwoDashes) {
  EXPECT_THAT(parse({"--workers=1", "--"})->values, ElementsAre(Pair("workers", "1")));
  EXPECT_THAT(refusal({"--", "--workers=1"}), HasSubstr("unexpected argument \"--workers=1\""));
}

TEST(GoFlags, RefuseWhatIsNotKnownAndSuggest) {
  EXPECT_THAT(refusal({"--no-such-flag"}),
              HasSubstr("flag provided but not defined: -no-such-flag"));
  EXPECT_THAT(refusal({"--grace-perod=1h"}), HasSubstr("did you mean \"grace-period\"?"));
  EXPECT_THAT(refusal({"-"}), HasSubstr("unexpected argument \"-\""));
  EXPECT_THAT(refusal({"---workers=1"}), HasSubstr("bad flag syntax"));
  EXPECT_THAT(refusal({"--=1"}), HasSubstr("bad flag syntax"));
  EXPECT_THAT(refusal({"--workers"}), HasSubstr("flag needs an argument: -workers"));
}

TEST(GoFlags, RefuseValuesOfAnotherType) {
  EXPECT_THAT(refusal({"--workers=many"}),
              HasSubstr("invalid value \"many\" for flag -workers: parse error"));
  EXPECT_THAT(refusal({"--workers="}), HasSubstr("parse error"));
  EXPECT_THAT(refusal({"--workers=99999999999999999999"}), HasSubstr("value out of range"));
  EXPECT_THAT(refusal({"--grace-period=1"}), HasSubstr("invalid value \"1\" for flag"));
  EXPECT_THAT(parse({"--grace-period=1h30m"})->values, ElementsAre(Pair("grace-period", "1h30m")));
}

TEST(GoFlags, TakeTheDurationsThatGoTakes) {
  for (const char* text : {"0", "-0", "+5s", "1.5h", ".5s", "1.s", "100ms", "1us", "1µs", "1μs",
                           "3ns", "-3h", "1h1h", "2562047h47m16.854775807s"}) {
    EXPECT_TRUE(parse({std::string("--grace-period=") + text})) << text;
  }
  for (const char* text :
       {"", "-", "1", "h", ".s", "1d", "1h ", "1H", "1h2", "3 h", "--1h", "1w"}) {
    EXPECT_FALSE(parse({std::string("--grace-period=") + text})) << text;
  }
}

TEST(GoFlags, ReadIntegersInGosBases) {
  EXPECT_EQ(*go_integer("0x10"), 16);
  EXPECT_EQ(*go_integer("010"), 8);
  EXPECT_EQ(*go_integer("0o10"), 8);
  EXPECT_EQ(*go_integer("-0b11"), -3);
  EXPECT_EQ(*go_integer("0"), 0);
  EXPECT_EQ(*go_integer("1_000"), 1000);
  EXPECT_EQ(*go_integer("0x_ff"), 255);
  EXPECT_EQ(*go_integer("0_17"), 15);
  for (const char* text :
       {"0x", "--1", "_1", "1_", "1__0", "-_1", "0x1_", "08", "1e3", "0_x10", "1.0", " 1"}) {
    EXPECT_FALSE(go_integer(text)) << text;
  }
}

TEST(GoFlags, AskForHelpWhateverFollows) {
  for (const char* flag : {"-h", "--h", "-help", "--help"}) {
    const auto parsed = parse({flag, "nonsense"});
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->help);
  }
  EXPECT_THAT(parse({})->values, IsEmpty());
  EXPECT_FALSE(parse({})->help);
}

}  // namespace
}  // namespace waybill
