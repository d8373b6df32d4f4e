#include "base/zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace waybill {
namespace {

using ::testing::HasSubstr;

Time at(std::string_view text) { return parse_time(text).value(); }

std::shared_ptr<const Zone> zone(const std::string& name) {
  auto found = find_zone(name);
  EXPECT_TRUE(found) << found.error().message;
  return *found;
}

std::string offset(const std::string& name, std::string_view utc) {
  return format_duration(zone(name)->offset_at(at(utc)));
}

std::string change_after(const std::string& name, std::string_view utc) {
  return format_time(zone(name)->next_change(at(utc)));
}

TEST(Zone, OffsetsFollowTheDatabase) {
  struct Case {
    const char* zone;
    const char* utc;
    const char* offset;
  };
  // Each checked with zdump, GNU C Library 2.36.
  for (const Case& c : std::initializer_list<Case>{
           {"UTC", "2026-07-01", "0s"},
           {"Etc/UTC", "2026-07-01", "0s"},
           {"Etc/GMT+12", "2026-07-01", "-12h"},
           {"Europe/Berlin", "2026-01-15", "1h"},
           {"Europe/Berlin", "2026-07-15", "2h"},
           {"Europe/Berlin", "1947-06-01", "3h"},      // double summer time
           {"Europe/Berlin", "1880-01-01", "53m28s"},  // local mean time
           {"America/New_York", "2026-01-15", "-5h"},
           {"America/New_York", "2026-07-15", "-4h"},
           {"America/New_York", "2007-03-20", "-4h"},  // first year of the longer summer time
           {"America/New_York", "2006-03-20", "-5h"},
           {"Australia/Lord_Howe", "2026-01-15", "11h"},
           {"Australia/Lord_Howe", "2026-07-15", "10h30m"},
           {"Asia/Kolkata", "2026-07-15", "5h30m"},
           {"Asia/Kathmandu", "2026-07-15", "5h45m"},
           {"Europe/Dublin", "2026-01-15", "0s"},  // its "daylight saving" is negative, in winter
           {"Europe/Dublin", "2026-07-15", "1h"},
           {"Pacific/Apia", "2011-12-29T12:00:00Z", "-10h"},
           {"Pacific/Apia", "2011-12-31T12:00:00Z", "14h"},
           {"Europe/Berlin", "2099-07-15", "2h"},  // past the table: by the rule
           {"Europe/Berlin", "2099-12-15", "1h"},
           {"America/New_York", "2099-07-15", "-4h"},
           {"Australia/Lord_Howe", "2099-01-15", "11h"},
           {"Australia/Lord_Howe", "2099-07-15", "10h30m"},
           {"Asia/Kolkata", "2099-07-15", "5h30m"},
       }) {
    EXPECT_EQ(offset(c.zone, c.utc), c.offset) << c.zone << " at " << c.utc;
  }
}

TEST(Zone, ChangesAreTheExactMoments) {
  EXPECT_EQ(change_after("Europe/Berlin", "2026-01-01"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(change_after("Europe/Berlin", "2026-03-29T00:59:59.999999Z"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(change_after("Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-10-25T01:00:00Z");
  EXPECT_EQ(change_after("America/New_York", "2026-10-31"), "2026-11-01T06:00:00Z");
  EXPECT_EQ(change_after("Australia/Lord_Howe", "2026-01-01"), "2026-04-04T15:00:00Z");
  EXPECT_EQ(change_after("Australia/Lord_Howe", "2026-05-01"), "2026-10-03T15:30:00Z");
  EXPECT_EQ(change_after("Europe/Berlin", "2099-01-01"), "2099-03-29T01:00:00Z");
  EXPECT_EQ(change_after("America/New_York", "2099-06-01"), "2099-11-01T06:00:00Z");
  EXPECT_EQ(zone("UTC")->next_change(at("2026-01-01")), kTimeMax);
  EXPECT_EQ(zone("Asia/Kolkata")->next_change(at("2026-01-01")), kTimeMax);
}

TEST(Zone, OffsetIsConstantBetweenItsChangesInEveryZone) {
  namespace fs = std::filesystem;
  int zones = 0;
  for (const auto& entry : fs::recursive_directory_iterator("/usr/share/zoneinfo")) {
    const std::string name = fs::relative(entry.path(), "/usr/share/zoneinfo").string();
    const bool other = name.starts_with("right/") || name.starts_with("posix/") ||
                       name.find('.') != std::string::npos || name.find("leap") == 0;
    if (!entry.is_regular_file() || other) continue;
    const auto found = find_zone(name);
    ASSERT_TRUE(found) << found.error().message;
    ++zones;
    Time from = at("1850-01-01");
    while (from < at("2110-01-01")) {
      const Time next = (*found)->next_change(from);
      ASSERT_GT(next, from) << name;
      ASSERT_EQ((*found)->offset_at(next - Duration(1)), (*found)->offset_at(from)) << name;
      if (next == kTimeMax) break;
      ASSERT_NE((*found)->offset_at(next), (*found)->offset_at(from)) << name;
      from = next;
    }
  }
  EXPECT_GT(zones, 300);
}

TEST(Zone, TellsWhichNameWasLookedForAndWhere) {
  const auto missing = find_zone("Europe/Berlim");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("'Europe/Berlim' in /usr/share/zoneinfo"));
}

TEST(Zone, RefusesNamesThatAreNotNames) {
  for (const char* name : {"", "/etc/passwd", "../zoneinfo/UTC", "Europe/../UTC", "Europe//Berlin",
                           "Europe/", "./UTC", "zone.tab", "Europe", "Europe/Berlin\n"}) {
    const auto found = find_zone(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, Code::not_found) << name;
  }
}

TEST(Zone, RefusesZonesWithLeapSeconds) {
  if (!std::filesystem::exists("/usr/share/zoneinfo/right/UTC"))
    GTEST_SKIP() << "no right/UTC here";
  const auto found = find_zone("right/UTC");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("leap seconds"));
}

TEST(Zone, IsReadOnceForTheProcess) {
  EXPECT_EQ(zone("Europe/Berlin").get(), zone("Europe/Berlin").get());
}

/// TZif bytes by hand, so that what Debian's files do not hold is seen too.
class Tzif {
 public:
  explicit Tzif(char version) : version_(version) {}
  Tzif& type(std::int32_t offset) {
    types_ += number(offset, 4) + std::string("\0\0", 2);
    return *this;
  }
  Tzif& change(std::int64_t when, char type) {
    times_ += number(when, version_ == 0 ? 4 : 8);
    indexes_ += type;
    return *this;
  }
  std::string bytes(const std::string& footer = "") const {
    const auto header = [&](bool empty) {
      const auto count = [&](std::size_t n) { return number(empty ? 0 : std::int64_t(n), 4); };
      return "TZif" + std::string(1, version_) + std::string(15, '\0') + count(0) + count(0) +
             count(0) + count(indexes_.size()) + (empty ? number(1, 4) : count(types_.size() / 6)) +
             count(0);
    };
    const std::string block = header(false) + times_ + indexes_ + types_;
    if (version_ == 0) return block;
    return header(true) + std::string(6, '\0') + block + "\n" + footer + "\n";
  }

 private:
  static std::string number(std::int64_t value, int width) {
    std::string text;
    for (int i = width - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
    return text;
  }
  char version_;
  std::string times_, indexes_, types_;
};

TEST(ParseZone, ReadsVersionOne) {
  const auto zone = parse_zone("x", Tzif(0).type(3600).type(7200).change(1000, 1).bytes());
  ASSERT_TRUE(zone) << zone.error().message;
  EXPECT_EQ((*zone)->name(), "x");
  EXPECT_EQ((*zone)->offset_at(from_micros(999'999'999)), std::chrono::hours(1));
  EXPECT_EQ((*zone)->offset_at(from_micros(1'000'000'000)), std::chrono::hours(2));
  EXPECT_EQ((*zone)->next_change(from_micros(1'000'000'000)), kTimeMax);
}

TEST(ParseZone, ChangesThatOnlyRenameAreNotChanges) {
  const auto zone =
      parse_zone("x", Tzif('2').type(0).type(0).type(60).change(10, 1).change(20, 2).bytes());
  ASSERT_TRUE(zone) << zone.error().message;
  EXPECT_EQ((*zone)->next_change(from_micros(0)), from_micros(20'000'000));
}

TEST(ParseZone, AChangeAtTheBigBangIsTheFirstOffset) {
  const auto zone =
      parse_zone("x", Tzif('2').type(0).type(60).change(-(std::int64_t{1} << 59), 1).bytes());
  ASSERT_TRUE(zone) << zone.error().message;
  EXPECT_EQ((*zone)->offset_at(at("0001-01-01")), std::chrono::minutes(1));
}

TEST(ParseZone, EveryFormOfRuleIsRead) {
  struct Case {
    const char* footer;
    const char* utc;
    const char* offset;
    const char* next;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"<+0330>-3:30", "2050-06-01", "3h30m", ""},
           {"EST5EDT,M3.2.0,M11.1.0", "2050-06-01", "-4h", "2050-11-06T06:00:00Z"},
           // The southern half of the earth: summer over the turn of the year.
           {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2050-12-31", "11h", "2051-04-01T16:00:00Z"},
           // 29 February: J60 is always 1 March, 59 is 29 February in a leap year.
           {"AAA0BBB,J60/0,J300/0", "2048-01-01", "0s", "2048-03-01T00:00:00Z"},
           {"AAA0BBB,59/0,299/0", "2048-01-01", "0s", "2048-02-29T00:00:00Z"},
           // Hours beyond a day, and before it (RFC 8536, 3.3.1).
           {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-01-01", "-2h", "2050-03-27T01:00:00Z"},
           {"AAA0BBB,M3.4.4/50,M10.4.4/50", "2050-01-01", "0s", "2050-03-26T02:00:00Z"},
           // Daylight saving all year.
           {"XXX3EDT4,0/0,J365/23", "2050-01-01", "-4h", ""},
           // An end that comes after the next start: one hour of daylight saving a year.
           {"XXX3EDT5,0/0,J365/23", "2050-06-01", "-3h", "2051-01-01T03:00:00Z"},
           {"XXX3EDT5,0/0,J365/23", "2051-01-01T01:00:00Z", "-3h", "2051-01-01T03:00:00Z"},
           {"XXX3EDT5,0/0,J365/23", "2051-01-01T03:00:00Z", "-5h", "2051-01-01T04:00:00Z"},
           // Two changes on one day but for the leap years in which February has five Tuesdays.
           {"AAA0BBB,M2.4.2/0,M2.5.2/1", "2057-03-01", "1h", "2084-02-29T00:00:00Z"},
           {"AAA0BBB-0:30:15,M3.2.0,M11.1.0", "2050-06-01", "30m15s", "2050-11-06T01:29:45Z"},
       }) {
    const auto zone = parse_zone("x", Tzif('3').type(0).bytes(c.footer));
    ASSERT_TRUE(zone) << c.footer << ": " << zone.error().message;
    EXPECT_EQ(format_duration((*zone)->offset_at(at(c.utc))), c.offset) << c.footer;
    const Time next = (*zone)->next_change(at(c.utc));
    EXPECT_EQ(next == kTimeMax ? "" : format_time(next), c.next) << c.footer;
  }
}

TEST(ParseZone, ARuleHoldsForAllTime) {
  const auto all_year = parse_zone("x", Tzif('3').type(0).bytes("XXX3EDT4,0/0,J365/23")).value();
  const auto berlin =
      parse_zone("x", Tzif('3').type(0).bytes("CET-1CEST,M3.5.0,M10.5.0/3")).value();
  const auto four_hundred_years = std::chrono::days(146'097);
  for (const Time time : {at("1600-07-01"), at("2026-07-01"), kTimeMax - four_hundred_years}) {
    EXPECT_EQ(all_year->offset_at(time), std::chrono::hours(-4));
    EXPECT_EQ(all_year->next_change(time), kTimeMax);
    EXPECT_EQ(berlin->offset_at(time), berlin->offset_at(time + four_hundred_years));
  }
}

TEST(ParseZone, RefusesRulesThatAreWrong) {
  for (const char* footer :
       {"CET", "CET-25", "CE-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0/3",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1",
        "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x", "<+01-1", "CET-1:60"}) {
    const auto zone = parse_zone("x", Tzif('3').type(0).bytes(footer));
    ASSERT_FALSE(zone) << footer;
    EXPECT_EQ(zone.error().code, Code::invalid_argument);
    EXPECT_THAT(zone.error().message, HasSubstr(footer));
  }
}

TEST(ParseZone, RefusesAFooterThatContradictsTheTable) {
  const auto zone = parse_zone("x", Tzif('2').type(0).type(3600).change(1000, 1).bytes("CET-2"));
  ASSERT_FALSE(zone);
  EXPECT_THAT(zone.error().message, HasSubstr("contradicts"));
}

TEST(ParseZone, RefusesTablesThatAreWrong) {
  EXPECT_FALSE(parse_zone("x", Tzif(0).bytes())) << "no type";
  EXPECT_FALSE(parse_zone("x", Tzif(0).type(0).change(1, 1).bytes())) << "no such type";
  EXPECT_FALSE(parse_zone("x", Tzif(0).type(0).change(2, 0).change(1, 0).bytes()))
      << "not in order";
  EXPECT_FALSE(parse_zone("x", Tzif(0).type(26 * 3600).bytes())) << "more than a day off";
}

RC_GTEST_PROP(ParseZone, EveryCutOffFileIsRefused, ()) {
  std::ifstream file("/usr/share/zoneinfo/America/New_York", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  RC_ASSERT(parse_zone("x", whole).has_value());
  const auto size = *rc::gen::inRange<std::size_t>(0, whole.size());
  RC_ASSERT(!parse_zone("x", whole.substr(0, size)).has_value());
}

}  // namespace
}  // namespace waybill
