#include "core/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

Time at(std::string_view text) { return parse_time(text).value(); }

Cron cron(std::string_view text) {
  const auto parsed = parse_cron(text);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(Cron{});
}

struct FiresParams {
  std::string_view cron;
  const char* zone = "UTC";
  DaylightPolicy daylight = DaylightPolicy::once;
  std::string_view after;
  int count = 1;
};

Strings fires(const FiresParams& params) {
  const Cron parsed = cron(params.cron);
  const auto zone = find_zone(params.zone).value();
  Strings found;
  Time time = at(params.after);
  for (int i = 0; i < params.count; ++i) {
    time = next_fire(parsed, *zone, params.daylight, time);
    found.push_back(time == kTimeMax ? "never" : format_time(time));
  }
  return found;
}

template <std::size_t N>
std::vector<int> values(const std::bitset<N>& bits) {
  std::vector<int> set;
  for (std::size_t i = 0; i < N; ++i) {
    if (bits[i]) set.push_back(static_cast<int>(i));
  }
  return set;
}

TEST(ParseCron, ReadsStepsListsRangesAndNames) {
  const Cron parsed = cron("*/15 8-18/5,23 1,15 JAN,mar-May mon-FRI");
  EXPECT_THAT(values(parsed.minutes), ElementsAre(0, 15, 30, 45));
  EXPECT_THAT(values(parsed.hours), ElementsAre(8, 13, 18, 23));
  EXPECT_THAT(values(parsed.days), ElementsAre(1, 15));
  EXPECT_THAT(values(parsed.months), ElementsAre(1, 3, 4, 5));
  EXPECT_THAT(values(parsed.weekdays), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(parsed.day_restricted);
  EXPECT_TRUE(parsed.weekday_restricted);
}

TEST(ParseCron, SevenIsSunday) {
  EXPECT_THAT(values(cron("0 0 * * 7").weekdays), ElementsAre(0));
  EXPECT_THAT(values(cron("0 0 * * 5-7").weekdays), ElementsAre(0, 5, 6));
  EXPECT_THAT(values(cron("0 0 * * SAT-SUN").weekdays), ElementsAre(0, 6));
  EXPECT_THAT(values(cron("0 0 * * SUN-SAT").weekdays), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(ParseCron, AStarWithAStepIsNoRestriction) {
  EXPECT_FALSE(cron("0 0 */2 * 1").day_restricted);
  EXPECT_FALSE(cron("0 0 1 * */2").weekday_restricted);
}

TEST(ParseCron, AliasesMeanWhatVixieCronSays) {
  EXPECT_EQ(cron("@hourly"), cron("0 * * * *"));
  EXPECT_EQ(cron("@daily"), cron("0 0 * * *"));
  EXPECT_EQ(cron(" @midnight\t"), cron("0 0 * * *"));
  EXPECT_EQ(cron("@weekly"), cron("0 0 * * 0"));
  EXPECT_EQ(cron("@monthly"), cron("0 0 1 * *"));
  EXPECT_EQ(cron("@yearly"), cron("0 0 1 1 *"));
  EXPECT_EQ(cron("@annually"), cron("0 0 1 1 *"));
}

TEST(ParseCron, ErrorsNameTheFieldThePositionAndWhatItTakes) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"", "has 0 fields; it needs five"},
           {"* * * *", "has 4 fields; it needs five"},
           {"0 0 * * * *", "has 6 fields; it needs five"},
           {"@reboot", "'@reboot' is not known; there are @hourly"},
           {"60 * * * *", "the minute (field 1, character 1) does not take '60'; it takes 0-59"},
           {"0 24 * * *", "the hour (field 2, character 3) does not take '24'"},
           {"0 0 0 * *", "the day of month (field 3, character 5) does not take '0'"},
           {"0 0 1 13 *", "the month (field 4, character 7) does not take '13'"},
           {"0 0 * FEBR *", "the month (field 4, character 7) does not take 'FEBR'"},
           {"0 0 * * 8", "the day of week (field 5, character 9) does not take '8'"},
           {"0 MON * * *", "the hour (field 2, character 3) does not take 'MON'"},
           {"0 1,,2 * * *", "the hour (field 2, character 5) misses a value before ','"},
           {"0 1, * * *", "the hour (field 2, character 5) misses a value before its end"},
           {"0 22-2 * * *", "runs backwards; write it as two, e.g. 22-23,0-2"},
           {"5/15 * * * *", "has a step after the single value '5'; write a range, e.g. 5-59/2"},
           {"*/0 * * * *", "(field 1, character 3) has a step that is not between 1 and 59"},
           {"*/99999999999999999999 * * * *", "has a step that is not between 1 and 59"},
           {"*/ * * * *", "has a step that is not between 1 and 59"},
           {"1-2-3 * * * *", "(field 1, character 4) has '-3' where it should end"},
           {"*5 * * * *", "(field 1, character 2) has '5' where it should end"},
           {"-1 * * * *", "misses a value before '-'"},
           {"1- * * * *", "misses a value before its end"},
       }) {
    const auto parsed = parse_cron(c.text);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr(c.says)) << c.text;
  }
}

TEST(NextFire, IsStrictlyLater) {
  EXPECT_THAT(fires({.cron = "0 12 * * *", .after = "2026-11-22T12:00:00Z"}),
              ElementsAre("2026-11-23T12:00:00Z"));
  EXPECT_THAT(fires({.cron = "0 12 * * *", .after = "2026-11-22T11:59:59.999999Z"}),
              ElementsAre("2026-11-22T12:00:00Z"));
}

TEST(NextFire, EitherDayFieldSufficesWhenBothAreRestricted) {
  EXPECT_THAT(fires({.cron = "0 0 13 * FRI", .after = "2026-11-01", .count = 4}),
              ElementsAre("2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z",
                          "2026-11-27T00:00:00Z"));
  EXPECT_THAT(fires({.cron = "0 0 13 * */5", .after = "2026-10-14", .count = 2}),
              ElementsAre("2026-11-13T00:00:00Z", "2026-12-13T00:00:00Z"));
}

TEST(NextFire, FindsRareDaysAndGivesUpOnImpossibleOnes) {
  EXPECT_THAT(fires({.cron = "0 0 29 2 *", .after = "2096-03-01"}),
              ElementsAre("2104-02-29T00:00:00Z"));
  // 29 February on a Sunday; 2100 is no leap year.
  EXPECT_THAT(fires({.cron = "0 0 29 2 */7", .after = "2072-03-01", .count = 2}),
              ElementsAre("2088-02-29T00:00:00Z", "2128-02-29T00:00:00Z"));
  EXPECT_THAT(fires({.cron = "0 0 30 2 *", .after = "2026-11-22"}), ElementsAre("never"));
  EXPECT_THAT(fires({.cron = "0 0 31 4,6,9,11 *", .after = "2026-11-22"}), ElementsAre("never"));
}

TEST(NextFire, ASkippedTimeFiresAfterTheGapOrNotAtAll) {
  FiresParams params{
      .cron = "30 2 * * *", .zone = "Europe/Berlin", .after = "2026-03-28", .count = 3};
  EXPECT_THAT(fires(params),
              ElementsAre("2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"));
  params.daylight = DaylightPolicy::skip;
  EXPECT_THAT(fires(params),
              ElementsAre("2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"));
  params.daylight = DaylightPolicy::both;
  EXPECT_THAT(fires(params),
              ElementsAre("2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"));
}

TEST(NextFire, ManySkippedTimesAreOneFire) {
  EXPECT_THAT(fires({.cron = "*/20 2,3 * * *",
                     .zone = "Europe/Berlin",
                     .after = "2026-03-29T00:59:00Z",
                     .count = 3}),
              ElementsAre("2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z", "2026-03-29T01:40:00Z"));
}

TEST(NextFire, ARepeatedTimeFiresOnceOrTwice) {
  FiresParams params{
      .cron = "30 2 * * *", .zone = "Europe/Berlin", .after = "2026-10-24T12:00:00Z", .count = 3};
  const auto once =
      ElementsAre("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z");
  EXPECT_THAT(fires(params), once);
  params.daylight = DaylightPolicy::skip;
  EXPECT_THAT(fires(params), once);
  params.daylight = DaylightPolicy::both;
  EXPECT_THAT(fires(params),
              ElementsAre("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"));
}

TEST(NextFire, ARepeatedTimeDoesNotFireAgainWhenAskedInsideTheSecondHour) {
  EXPECT_THAT(
      fires({.cron = "45 2 * * *", .zone = "Europe/Berlin", .after = "2026-10-25T01:10:00Z"}),
      ElementsAre("2026-10-26T01:45:00Z"));
}

TEST(NextFire, HalfAnHourOfDaylightSavingIsHandled) {
  // Lord Howe goes from 02:00 to 02:30 on 4 October and from 02:00 back to 01:30 on 5 April.
  EXPECT_THAT(
      fires({.cron = "15 2 * * *", .zone = "Australia/Lord_Howe", .after = "2026-10-02T20:00:00Z"}),
      ElementsAre("2026-10-03T15:30:00Z"));
  EXPECT_THAT(fires({.cron = "45 1 * * *",
                     .zone = "Australia/Lord_Howe",
                     .daylight = DaylightPolicy::both,
                     .after = "2026-04-04T12:00:00Z",
                     .count = 2}),
              ElementsAre("2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"));
}

TEST(NextFire, ADayThatAZoneLeftOutIsAGap) {
  // Samoa had no 30 December 2011.
  EXPECT_THAT(fires({.cron = "0 9 30 12 *", .zone = "Pacific/Apia", .after = "2011-12-01"}),
              ElementsAre("2011-12-30T10:00:00Z"));
}

TEST(NextFire, GoesOnPastTheZonesTable) {
  EXPECT_THAT(
      fires({.cron = "30 2 * * *", .zone = "Europe/Berlin", .after = "2099-03-28T12:00:00Z"}),
      ElementsAre("2099-03-29T01:00:00Z"));
}

TEST(NextFire, TheEndOfTimeIsNever) {
  EXPECT_EQ(next_fire(cron("* * * * *"), **find_zone("UTC"), DaylightPolicy::once, kTimeMax),
            kTimeMax);
}

/// The rule, minute by minute and without any cleverness: what next_fire has to find.
bool fires_at(const Cron& cron, const Zone& zone, DaylightPolicy daylight, Time minute) {
  const auto matches = [&](Time local) {
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date(day);
    const auto since = std::chrono::duration_cast<std::chrono::minutes>(local - day).count();
    const bool on_day = cron.days[unsigned(date.day())];
    const bool on_weekday = cron.weekdays[std::chrono::weekday(day).c_encoding()];
    const bool both = cron.day_restricted && cron.weekday_restricted;
    return cron.minutes[std::size_t(since % 60)] && cron.hours[std::size_t(since / 60)] &&
           cron.months[unsigned(date.month())] &&
           (both ? on_day || on_weekday : on_day && on_weekday);
  };
  const Duration now = zone.offset_at(minute);
  const Duration before = zone.offset_at(minute - Duration(1));
  if (daylight != DaylightPolicy::skip) {
    for (Duration gap = before; gap < now; gap += std::chrono::minutes(1)) {
      if (matches(minute + gap)) return true;
    }
  }
  if (!matches(minute + now)) return false;
  if (daylight == DaylightPolicy::both) return true;
  for (int back = 1; back <= 120; ++back) {  // zones below repeat at most an hour
    const Time earlier = minute - std::chrono::minutes(back);
    if (earlier + zone.offset_at(earlier) == minute + now) return false;
  }
  return true;
}

std::string any_field(int low, int high) {
  const auto value = rc::gen::inRange(low, high + 1);
  std::string field;
  const int parts = *rc::gen::inRange(1, 4);
  for (int i = 0; i < parts; ++i) {
    if (i > 0) field += ',';
    const int a = *value;
    const int b = *rc::gen::inRange(a, high + 1);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        field += std::to_string(a);
        break;
      case 1:
        field += std::to_string(a) + "-" + std::to_string(b);
        break;
      case 2:
        field += std::to_string(a) + "-" + std::to_string(b) + "/" +
                 std::to_string(*rc::gen::inRange(1, high + 1));
        break;
      default:
        field += *rc::gen::element<std::string>("*", "*/2", "*/7");
        break;
    }
  }
  return field;
}

RC_GTEST_PROP(NextFire, AgreesWithTheRuleMinuteByMinute, ()) {
  const std::string text = any_field(0, 59) + " " + any_field(0, 23) + " " + any_field(1, 31) +
                           " " + any_field(1, 12) + " " + any_field(0, 7);
  RC_LOG() << text << "\n";
  const auto parsed = parse_cron(text);
  RC_ASSERT(parsed.has_value());
  const auto zone = *find_zone(*rc::gen::element<std::string>(
      "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"));
  const auto daylight =
      *rc::gen::element(DaylightPolicy::once, DaylightPolicy::skip, DaylightPolicy::both);
  // Around the changes of 2026 and 2099, where it is hard.
  const Time base = *rc::gen::element(at("2026-03-08T05:00:00Z"), at("2026-03-28T23:00:00Z"),
                                      at("2026-10-24T23:00:00Z"), at("2026-11-01T04:00:00Z"),
                                      at("2026-04-04T13:00:00Z"), at("2099-10-03T14:00:00Z"));
  const Time after = base + std::chrono::seconds(*rc::gen::inRange(0, 4 * 3600));
  const Time next = next_fire(*parsed, *zone, daylight, after);
  RC_ASSERT(next > after);
  const Time until = std::min(next, after + std::chrono::hours(30));
  for (Time minute = std::chrono::floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
       minute < until; minute += std::chrono::minutes(1)) {
    RC_ASSERT(!fires_at(*parsed, *zone, daylight, minute));
  }
  if (next != kTimeMax) RC_ASSERT(fires_at(*parsed, *zone, daylight, next));
}

}  // namespace
}  // namespace waybill
