#include "core/prio/window.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/definition.h"

namespace waybill::prio {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Time at(std::string_view text) { return *parse_time(text); }
Window window(std::string_view begin, std::string_view end) { return {at(begin), at(end)}; }

TEST(Windows, AreMultiplesOfThePeriodSinceTheYearOne) {
  const std::tuple<std::string_view, Window> cases[] = {
      {"1h", window("2020-10-31T10:00:00Z", "2020-10-31T11:00:00Z")},
      {"3h", window("2020-10-31T06:00:00Z", "2020-10-31T09:00:00Z")},
      {"8h", window("2020-10-31T00:00:00Z", "2020-10-31T08:00:00Z")},
      {"24h", window("2020-10-30T00:00:00Z", "2020-10-31T00:00:00Z")},
      {"7h", window("2020-10-30T23:00:00Z", "2020-10-31T06:00:00Z")},
      {"90m", window("2020-10-31T09:00:00Z", "2020-10-31T10:30:00Z")},
      {"168h", window("2020-10-19", "2020-10-26")},
      {"20m", window("2020-10-31T10:40:00Z", "2020-10-31T11:00:00Z")}};
  for (const auto& [period, expected] : cases) {
    const PrioScan scan{.aggregation_period = *parse_duration(period)};
    const auto windows = aggregation_windows(scan, at("2020-10-31T12:00:00Z"));
    ASSERT_EQ(windows.size(), 1u);
    EXPECT_EQ(windows[0], expected) << period;
  }
}

TEST(Windows, ReachTheirGraceExactlyAtItsEnd) {
  const PrioScan scan;
  const Time reached = at("2020-10-31T10:00:00Z");
  EXPECT_EQ(aggregation_windows(scan, reached)[0].end, at("2020-10-31T09:00:00Z"));
  EXPECT_EQ(aggregation_windows(scan, reached - Duration(1))[0].end, at("2020-10-31T06:00:00Z"));
}

TEST(Windows, AnOverrideIsTheOnlyOneAndKnowsNoGrace) {
  const PrioScan scan{.aggregation_override = at("2020-10-30T07:30:00Z"), .catch_up = hours(48)};
  const auto windows = aggregation_windows(scan, at("2020-10-31T12:00:00Z"));
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0], window("2020-10-30T06:00:00Z", "2020-10-30T09:00:00Z"));
}

TEST(Windows, CatchUpReachesBackByTheTimeTheyEnded) {
  PrioScan scan{.catch_up = hours(9)};
  const Time now = at("2020-10-31T12:00:00Z");
  auto windows = aggregation_windows(scan, now);
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0], window("2020-10-31T00:00:00Z", "2020-10-31T03:00:00Z"));
  EXPECT_EQ(windows[2], window("2020-10-31T06:00:00Z", "2020-10-31T09:00:00Z"));
  scan.catch_up = hours(9) - Duration(1);
  EXPECT_EQ(aggregation_windows(scan, now).size(), 2u);
  scan.catch_up = hours(24 * 365 * 10);
  EXPECT_EQ(aggregation_windows(scan, now).size(), kWindowsMax);
}

TEST(Windows, OfIntakeAreCutToTheMinuteAtBothEnds) {
  const PrioScan scan{.intake_max_age = minutes(30)};
  EXPECT_EQ(intake_window(scan, at("2020-10-31T12:10:30Z")),
            window("2020-10-31T11:40:00Z", "2020-11-01T12:10:00Z"));
}

TEST(Windows, AreMergedWhereTheyTouch) {
  const Window early = window("2020-10-31T06:00:00Z", "2020-10-31T09:00:00Z");
  const Window touching = window("2020-10-31T09:00:00Z", "2020-10-31T10:00:00Z");
  const Window late = window("2020-10-31T11:00:00Z", "2020-10-31T12:00:00Z");
  const Window empty = window("2020-10-31T10:00:00Z", "2020-10-31T10:00:00Z");
  EXPECT_EQ(merged({late, touching, empty, early, early}),
            (std::vector<Window>{{early.begin, touching.end}, late}));
}

RC_GTEST_PROP(Windows, FollowOneAnotherWithoutAGapAndHoldTheirTime, ()) {
  const auto period = minutes(*rc::gen::inRange(1, 20'000));
  const Time time = from_micros(
      *rc::gen::inRange<std::int64_t>(-2'000'000'000'000'000'000 / 50, 4'000'000'000'000'000));
  const Window holding = window_of(time, period);
  RC_ASSERT(holding.contains(time));
  RC_ASSERT(holding.end - holding.begin == period);
  RC_ASSERT(window_of(holding.end, period).begin == holding.end);
  RC_ASSERT(window_of(holding.begin - Duration(1), period).end == holding.begin);
}

TEST(Without, CutsOutWhatIsTaken) {
  const auto span = [](int begin, int end) {
    const Time midnight = at("2020-10-31");
    return Window{midnight + hours(begin), midnight + hours(end)};
  };
  EXPECT_EQ(without({span(0, 9)}, {}), (std::vector<Window>{span(0, 9)}));
  EXPECT_EQ(without({span(0, 9), span(12, 15)}, {span(3, 6), span(8, 13)}),
            (std::vector<Window>{span(0, 3), span(6, 8), span(13, 15)}));
  EXPECT_EQ(without({span(0, 3)}, {span(0, 3)}), (std::vector<Window>{}));
  EXPECT_EQ(without({span(3, 6)}, {span(0, 3), span(6, 9)}), (std::vector<Window>{span(3, 6)}));
}

}  // namespace
}  // namespace waybill::prio
