#include "base/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rng.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;

TEST(FormatTime, WritesAsManyDigitsAsNeeded) {
  const std::int64_t noon = 1'795'348'800'000'000;
  EXPECT_EQ(format_time(from_micros(noon)), "2026-11-22T12:00:00Z");
  EXPECT_EQ(format_time(from_micros(noon + 250'000)), "2026-11-22T12:00:00.250Z");
  EXPECT_EQ(format_time(from_micros(noon + 1)), "2026-11-22T12:00:00.000001Z");
  EXPECT_EQ(format_time(from_micros(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(from_micros(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(FormatTime, KeepsToFourDigitsOfYear) {
  EXPECT_EQ(format_time(kTimeMax), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time(from_micros(INT64_MIN)), "0000-01-01T00:00:00Z");
}

TEST(ParseTime, ReadsEveryFormOfRfc3339) {
  for (const char* text :
       {"2026-11-22T12:00:00Z", "2026-11-22t12:00:00z", "2026-11-22 12:00:00Z",
        "2026-11-22T12:00:00.000Z", "2026-11-22T12:00:00.0000000009Z", "2026-11-22T13:00:00+01:00",
        "2026-11-22T06:30:00-05:30", "2026-11-23T00:00:00+12:00", "2026-11-22T11:59:60Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_time(*time), "2026-11-22T12:00:00Z") << text;
  }
  EXPECT_EQ(parse_time("2026-11-22").value(), parse_time("2026-11-22T00:00:00Z").value());
  EXPECT_TRUE(parse_time("2024-02-29"));
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2026",
                           "2026-11",
                           "2026-13-01",
                           "2026-02-29",
                           "2026-11-31",
                           "2026-11-00",
                           "26-11-22",
                           "2026-11-22T",
                           "2026-11-22T12:00Z",
                           "2026-11-22T24:00:00Z",
                           "2026-11-22T12:60:00Z",
                           "2026-11-22T12:00:61Z",
                           "2026-11-22T12:00:00",
                           "2026-11-22T12:00:00.Z",
                           "2026-11-22T12:00:00+1:00",
                           "2026-11-22T12:00:00+24:00",
                           "2026-11-22T12:00:00ZZ",
                           "-2026-11-22",
                           "+026-11-22",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01"}) {
    const auto time = parse_time(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Code::invalid_argument);
    EXPECT_THAT(time.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
}

RC_GTEST_PROP(FormatTime, IsReadBackExactly, (std::uint64_t seed)) {
  Rng rng(seed);
  const auto day =
      std::chrono::sys_days(std::chrono::year(0) / 1 / 1) + std::chrono::days(rng.below(3'652'425));
  Duration of_day(rng.below(86'400'000'000));
  if (rng.chance(0.3)) of_day = std::chrono::floor<std::chrono::milliseconds>(of_day);
  if (rng.chance(0.3)) of_day = std::chrono::floor<std::chrono::seconds>(of_day);
  const Time time = Time(day) + of_day;
  const std::string text = format_time(time);
  RC_ASSERT(parse_time(text).value() == time);
  RC_ASSERT(text.size() == 20 || text.size() == 24 || text.size() == 27);
}

TEST(ParseDuration, ReadsWhatGoReads) {
  struct Case {
    const char* text;
    std::int64_t micros;
  };
  for (const Case& c : std::initializer_list<Case>{{"0", 0},
                                                   {"-0", 0},
                                                   {"5s", 5'000'000},
                                                   {"30s", 30'000'000},
                                                   {"1478s", 1'478'000'000},
                                                   {"-5s", -5'000'000},
                                                   {"+5s", 5'000'000},
                                                   {"5.0s", 5'000'000},
                                                   {"5.6s", 5'600'000},
                                                   {"5.s", 5'000'000},
                                                   {".5s", 500'000},
                                                   {"-.5s", -500'000},
                                                   {"1.004s", 1'004'000},
                                                   {"1.0040s", 1'004'000},
                                                   {"100.00100s", 100'001'000},
                                                   {"1000ns", 1},
                                                   {"499ns", 1},
                                                   {"-1ns", -1},
                                                   {"0ns", 0},
                                                   {"500ns", 1},
                                                   {"11us", 11},
                                                   {"12\u00b5s", 12},
                                                   {"12\u03bcs", 12},
                                                   {"13ms", 13'000},
                                                   {"14s", 14'000'000},
                                                   {"15m", 900'000'000},
                                                   {"16h", 57'600'000'000},
                                                   {"2d", 172'800'000'000},
                                                   {"3h30m", 12'600'000'000},
                                                   {"10.5s4m", 250'500'000},
                                                   {"-2m3.4s", -123'400'000},
                                                   {"0.3333333333333333333h", 1'200'000'000},
                                                   {"9007199254740993us", 9'007'199'254'740'993}}) {
    const auto duration = parse_duration(c.text);
    ASSERT_TRUE(duration) << c.text;
    EXPECT_EQ(duration->count(), c.micros) << c.text;
  }
}

TEST(ParseDuration, RefusesWhatGoRefuses) {
  for (const char* text : {"",
                           "3",
                           "-",
                           "+",
                           "s",
                           ".",
                           "-.",
                           ".s",
                           "+.s",
                           "1x",
                           "1 s",
                           "1s ",
                           " 1s",
                           "1..s",
                           "--1s",
                           "1e3s",
                           "1h30",
                           "00",
                           "1S",
                           "99999999999999h",
                           "9223372036854775807us"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, Code::invalid_argument);
    EXPECT_THAT(duration.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
}

TEST(FormatDuration, PutsLargestUnitsFirstAndLeavesOutZeros) {
  using namespace std::chrono_literals;
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(7us), "7us");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(1500us), "1.5ms");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(36h), "36h");
  EXPECT_EQ(format_duration(1h + 1us), "1h0.000001s");
  EXPECT_EQ(format_duration(-150s), "-2m30s");
}

RC_GTEST_PROP(FormatDuration, IsReadBackExactly, (std::uint64_t seed)) {
  Rng rng(seed);
  const auto micros = static_cast<std::int64_t>(rng.next() >> (3 + rng.below(60)));
  const Duration duration(rng.chance(0.5) ? micros : -micros);
  RC_ASSERT(parse_duration(format_duration(duration)).value() == duration);
}

}  // namespace
}  // namespace waybill
