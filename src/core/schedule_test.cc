#include "core/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rng.h"

namespace waybill {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Time at(std::string_view text) { return parse_time(text).value(); }

const Zone& utc() {
  static const auto zone = find_zone("UTC").value();
  return *zone;
}

Schedule daily(CatchUp catch_up) {
  return {.name = "nightly",
          .cron = "0 3 * * *",
          .catch_up = catch_up,
          .task = {.kind = "command"},
          .handled_until = at("2026-11-20T12:00:00Z")};
}

std::vector<std::string> nominal(const Fires& fires) {
  std::vector<std::string> times;
  for (const Time time : fires.nominal) times.push_back(format_time(time));
  return times;
}

TEST(OwedFires, NothingIsOwedBeforeTheNominalTime) {
  const auto fires = owed_fires(daily(CatchUp::all), utc(), at("2026-11-21T02:59:59Z"), 10);
  EXPECT_THAT(fires->nominal, IsEmpty());
  EXPECT_EQ(fires->next, at("2026-11-21T03:00:00Z"));
  EXPECT_EQ(fires->handled_until, at("2026-11-21T02:59:59Z"));
}

TEST(OwedFires, EveryPolicyFiresOnTime) {
  for (const CatchUp catch_up : {CatchUp::none, CatchUp::one, CatchUp::all}) {
    const auto fires = owed_fires(daily(catch_up), utc(), at("2026-11-21T03:00:00.5Z"), 10);
    EXPECT_THAT(nominal(*fires), ElementsAre("2026-11-21T03:00:00Z"));
    EXPECT_EQ(fires->next, at("2026-11-22T03:00:00Z"));
  }
}

TEST(OwedFires, CatchUpSaysWhatOfThePastIsOwed) {
  const Time now = at("2026-11-23T12:00:00Z");
  EXPECT_THAT(owed_fires(daily(CatchUp::none), utc(), now, 10)->nominal, IsEmpty());
  EXPECT_THAT(nominal(*owed_fires(daily(CatchUp::one), utc(), now, 10)),
              ElementsAre("2026-11-23T03:00:00Z"));
  EXPECT_THAT(nominal(*owed_fires(daily(CatchUp::all), utc(), now, 10)),
              ElementsAre("2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z", "2026-11-23T03:00:00Z"));
}

TEST(OwedFires, NoCatchUpStillFiresWhatIsLessThanAMinuteLate) {
  const auto schedule = daily(CatchUp::none);
  EXPECT_THAT(nominal(*owed_fires(schedule, utc(), at("2026-11-22T03:00:59Z"), 10)),
              ElementsAre("2026-11-22T03:00:00Z"));
  EXPECT_THAT(owed_fires(schedule, utc(), at("2026-11-22T03:01:00Z"), 10)->nominal, IsEmpty());
}

TEST(OwedFires, TheLimitKeepsTheRestForTheNextCall) {
  auto schedule = daily(CatchUp::all);
  const Time now = at("2026-11-23T12:00:00Z");
  const auto first = owed_fires(schedule, utc(), now, 2);
  EXPECT_THAT(nominal(*first), ElementsAre("2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z"));
  EXPECT_EQ(first->handled_until, at("2026-11-22T03:00:00Z"));
  EXPECT_EQ(first->next, at("2026-11-23T03:00:00Z"));
  schedule.handled_until = first->handled_until;
  const auto second = owed_fires(schedule, utc(), now, 2);
  EXPECT_THAT(nominal(*second), ElementsAre("2026-11-23T03:00:00Z"));
  EXPECT_EQ(second->handled_until, now);
}

TEST(OwedFires, ALongAbsenceOfABusyScheduleOwesTheLatestOne) {
  auto schedule = daily(CatchUp::one);
  schedule.cron = "* * * * *";
  schedule.handled_until = at("1990-01-01");
  EXPECT_THAT(nominal(*owed_fires(schedule, utc(), at("2026-11-22T12:00:30Z"), 1)),
              ElementsAre("2026-11-22T12:00:00Z"));
  schedule.cron = "0 0 29 2 *";
  EXPECT_THAT(nominal(*owed_fires(schedule, utc(), at("2026-11-22T12:00:30Z"), 1)),
              ElementsAre("2024-02-29T00:00:00Z"));
}

TEST(OwedFires, ANewScheduleBeginsNow) {
  auto schedule = daily(CatchUp::all);
  schedule.handled_until = Time{};
  const auto fires = owed_fires(schedule, utc(), at("2026-11-22T03:00:00Z"), 10);
  EXPECT_THAT(fires->nominal, IsEmpty());
  EXPECT_EQ(fires->handled_until, at("2026-11-22T03:00:00Z"));
  EXPECT_EQ(fires->next, at("2026-11-23T03:00:00Z"));
}

TEST(OwedFires, APausedScheduleOwesNothingAlsoLater) {
  auto schedule = daily(CatchUp::all);
  schedule.paused = true;
  const auto paused = owed_fires(schedule, utc(), at("2026-11-22T12:00:00Z"), 10);
  EXPECT_THAT(paused->nominal, IsEmpty());
  EXPECT_EQ(paused->next, kTimeMax);
  schedule.paused = false;
  schedule.handled_until = paused->handled_until;
  EXPECT_THAT(owed_fires(schedule, utc(), at("2026-11-22T13:00:00Z"), 10)->nominal, IsEmpty());
}

TEST(OwedFires, AClockThatStepsBackOwesNothingTwice) {
  const auto fires = owed_fires(daily(CatchUp::all), utc(), at("2026-11-19T12:00:00Z"), 10);
  EXPECT_THAT(fires->nominal, IsEmpty());
  EXPECT_EQ(fires->handled_until, at("2026-11-20T12:00:00Z"));
  EXPECT_EQ(fires->next, at("2026-11-21T03:00:00Z"));
}

TEST(OwedFires, SaysWhatIsWrongWithTheCron) {
  auto schedule = daily(CatchUp::all);
  schedule.cron = "0 3 * *";
  const auto fires = owed_fires(schedule, utc(), at("2026-11-22"), 10);
  ASSERT_FALSE(fires);
  EXPECT_EQ(fires.error().code, Code::invalid_argument);
}

RC_GTEST_PROP(OwedFires, AllOwesTheSameHoweverTimeIsSliced, ()) {
  Schedule schedule = daily(CatchUp::all);
  schedule.cron =
      *rc::gen::element<std::string>("*/7 * * * *", "30 2 * * *", "0 */5 * * MON", "@daily");
  schedule.daylight =
      *rc::gen::element(DaylightPolicy::once, DaylightPolicy::skip, DaylightPolicy::both);
  const auto zone =
      *find_zone(*rc::gen::element<std::string>("UTC", "Europe/Berlin", "Australia/Lord_Howe"));
  schedule.handled_until = at("2026-10-23T00:00:00Z");
  const Time end = at("2026-10-28T00:00:00Z");
  const auto whole = owed_fires(schedule, *zone, end, 100'000)->nominal;
  RC_ASSERT(!whole.empty());

  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  std::vector<Time> sliced;
  Time now = schedule.handled_until;
  while (now < end || schedule.handled_until < end) {
    // A look at any later moment, some with a clock that stepped back, some repeated as if the
    // process had died before it could store what it settled.
    now = std::min(end, now + seconds(rng.below(43'600)) - hours(1));
    const auto fires = owed_fires(schedule, *zone, now, 1 + rng.below(50));
    RC_ASSERT(fires->next > fires->handled_until);
    if (rng.chance(0.25)) continue;
    sliced.insert(sliced.end(), fires->nominal.begin(), fires->nominal.end());
    schedule.handled_until = fires->handled_until;
  }
  RC_ASSERT(sliced == whole);
}

RC_GTEST_PROP(OwedFires, OneOwesTheLatestOfAll, ()) {
  Schedule schedule = daily(CatchUp::all);
  schedule.cron = *rc::gen::element<std::string>("*/7 * * * *", "0 */5 * * MON", "@monthly");
  const Time now = schedule.handled_until + minutes(*rc::gen::inRange(0, 200'000));
  const auto all = owed_fires(schedule, utc(), now, 1'000'000)->nominal;
  schedule.catch_up = CatchUp::one;
  const auto one = *owed_fires(schedule, utc(), now, 1);
  RC_ASSERT(one.nominal.empty() == all.empty());
  if (!all.empty()) RC_ASSERT(one.nominal.front() == all.back());
  RC_ASSERT(one.handled_until == now);
}

TEST(TaskFor, IsKeyedByItsNominalTimeForEver) {
  const auto schedule = daily(CatchUp::all);
  const auto task = task_for(schedule, at("2026-11-22T03:00:00Z"));
  EXPECT_EQ(task.dedup_key, "schedule/nightly/2026-11-22T03:00:00Z");
  EXPECT_EQ(task.dedup_scope, DedupScope::forever);
  EXPECT_EQ(task.id, uuid_v5(kTaskNamespace, task.dedup_key));
  EXPECT_EQ(task.run_at, at("2026-11-22T03:00:00Z"));
  EXPECT_EQ(task.created_by, "schedule:nightly");
  EXPECT_EQ(task.kind, "command");
  EXPECT_EQ(task, task_for(schedule, at("2026-11-22T03:00:00Z")));
  EXPECT_NE(task.id, task_for(schedule, at("2026-11-23T03:00:00Z")).id);
}

TEST(CheckSchedule, TakesAGoodOne) {
  const auto status = check_schedule(daily(CatchUp::one));
  EXPECT_TRUE(status) << status.error().message;
}

TEST(CheckSchedule, SaysWhatIsWrong) {
  struct Case {
    std::string name, cron, zone, kind, says;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Nightly", "@daily", "UTC", "command", "name must be 1 to 200 characters of a-z"},
           {"", "@daily", "UTC", "command", "name must be"},
           {"x", "0 25 * * *", "UTC", "command", "the hour (field 2, character 3)"},
           {"x", "0 0 30 2 *", "UTC", "command", "never falls due"},
           {"x", "@daily", "Mars/Base", "command", "no time zone 'Mars/Base'"},
           {"x", "@daily", "UTC", "", "task: kind must be"},
       }) {
    Schedule schedule = daily(CatchUp::one);
    schedule.name = c.name;
    schedule.cron = c.cron;
    schedule.zone = c.zone;
    schedule.task.kind = c.kind;
    const auto status = check_schedule(schedule);
    ASSERT_FALSE(status) << c.says;
    EXPECT_EQ(status.error().code, Code::invalid_argument);
    EXPECT_THAT(status.error().message, HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace waybill
