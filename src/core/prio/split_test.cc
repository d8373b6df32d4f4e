#include "core/prio/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/prio/object_name.h"

namespace waybill::prio {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

const Time kSix = *parse_minute("2020-10-31-06-00", '-');
Window part(int begin, int end) { return {kSix + minutes(begin), kSix + minutes(end)}; }
const Window kWhole = part(0, 180);

auto no_longer_than(int length) {
  return [length](const Window& window) { return window.end - window.begin <= minutes(length); };
}

TEST(Split, LeavesAWindowThatFitsWhole) {
  EXPECT_THAT(parts_of(kWhole, {}, no_longer_than(180)), ElementsAre(kWhole));
}

TEST(Split, HalvesWhatDoesNotFitAtWholeMinutes) {
  EXPECT_THAT(parts_of(kWhole, {}, no_longer_than(90)), ElementsAre(part(0, 90), part(90, 180)));
  EXPECT_THAT(parts_of(part(0, 45), {}, no_longer_than(22)),
              ElementsAre(part(0, 22), part(22, 33), part(33, 45)));
}

TEST(Split, EndsAtSingleMinutes) {
  const auto parts = parts_of(part(0, 5), {}, [](const Window&) { return false; });
  EXPECT_THAT(parts, ElementsAre(part(0, 1), part(1, 2), part(2, 3), part(3, 4), part(4, 5)));
}

TEST(Split, LeavesOutPartsThatAreDone) {
  EXPECT_THAT(parts_of(kWhole, {part(0, 90)}, no_longer_than(90)), ElementsAre(part(90, 180)));
  EXPECT_THAT(parts_of(kWhole, {part(0, 90), part(90, 180)}, no_longer_than(90)), IsEmpty());
}

TEST(Split, NeverTakesWhatAPartThatIsDoneHasTakenEvenIfTheWholeFitsNow) {
  EXPECT_THAT(parts_of(kWhole, {part(45, 90)}, no_longer_than(180)),
              ElementsAre(part(0, 45), part(90, 180)));
}

TEST(Split, KnowsWhatIsHalvedOnTheWayToAPart) {
  EXPECT_THAT(windows_around(kWhole, kWhole), IsEmpty());
  EXPECT_THAT(windows_around(kWhole, part(90, 180)), ElementsAre(kWhole));
  EXPECT_THAT(windows_around(kWhole, part(45, 67)), ElementsAre(kWhole, part(0, 90), part(45, 90)));
  EXPECT_THAT(windows_around(part(0, 5), part(2, 3)), ElementsAre(part(0, 5), part(2, 5)));
}

RC_GTEST_PROP(Split, EveryPartIsReachedByHalvingTheLastWindowAroundIt, ()) {
  const Window whole = part(0, *rc::gen::inRange(1, 300));
  const auto longest = std::chrono::minutes(*rc::gen::inRange(1, 300));
  const auto fits = [&](const Window& window) { return window.end - window.begin <= longest; };
  for (const Window& found : parts_of(whole, {}, fits)) {
    const std::vector<Window> around = windows_around(whole, found);
    RC_ASSERT(around.empty() == (found == whole));
    for (const Window& window : around) RC_ASSERT(!fits(window));
    if (around.empty()) continue;
    const auto halves =
        parts_of(around.back(), {}, [&](const Window& window) { return window != around.back(); });
    RC_ASSERT(std::find(halves.begin(), halves.end(), found) != halves.end());
  }
}

TEST(Split, NamesAPartByItsWindowAndItself) {
  EXPECT_EQ(part_marker("kittens", kWhole, part(0, 90)),
            "aggregate-kittens-2020-10-31-06-00-2020-10-31-09-00-part-2020-10-31-06-00-"
            "2020-10-31-07-30");
}

/// How many batches lie in each minute of a window, and how many of them a message takes.
struct Load {
  std::vector<int> of_minute;
  int limit = 0;

  bool fits(const Window& window) const {
    const auto at = [&](Time time) { return of_minute.begin() + (time - kSix) / minutes(1); };
    return std::accumulate(at(window.begin), at(window.end), 0) <= limit;
  }
  Window whole() const { return part(0, static_cast<int>(of_minute.size())); }
};

Load any_load() {
  const int length = *rc::gen::inRange(1, 200);
  Load load{.limit = *rc::gen::inRange(0, 100)};
  for (int i = 0; i < length; ++i) load.of_minute.push_back(*rc::gen::inRange(0, 12));
  return load;
}

/// The halves that halving can come to, whatever fits.
void add_halves(const Window& window, Windows& halves) {
  halves.insert(window);
  const auto length = (window.end - window.begin) / minutes(1);
  if (length == 1) return;
  const Time middle = window.begin + minutes(length / 2);
  add_halves({window.begin, middle}, halves);
  add_halves({middle, window.end}, halves);
}

void check_tiles(const Window& whole, Windows tiles) {
  Time covered_until = whole.begin;
  for (const Window& tile : tiles) {
    RC_ASSERT(tile.begin == covered_until);
    RC_ASSERT(tile.end > tile.begin);
    covered_until = tile.end;
  }
  RC_ASSERT(covered_until == whole.end);
}

RC_GTEST_PROP(Split, CoversTheWindowOnceWithAlignedPartsThatFitOrAreMinimal, ()) {
  const Load load = any_load();
  const auto fits = [&](const Window& window) { return load.fits(window); };
  const auto parts = parts_of(load.whole(), {}, fits);
  RC_ASSERT(std::ranges::is_sorted(parts, EarlierWindow{}));
  check_tiles(load.whole(), {parts.begin(), parts.end()});
  Windows halves;
  add_halves(load.whole(), halves);
  for (const Window& part : parts) {
    RC_ASSERT(halves.contains(part));
    RC_ASSERT(fits(part) || part.end - part.begin == minutes(1));
  }
  // None is smaller than it has to be: what is around two of them does not fit.
  for (const Window& half : halves) {
    const auto within = std::ranges::count_if(parts, [&](const Window& part) {
      return half.begin <= part.begin && part.end <= half.end;
    });
    RC_ASSERT(within < 2 || !fits(half));
  }
}

RC_GTEST_PROP(Split, KeepsTheDonePartsAndAddsTheRestWhateverFitsByThen, ()) {
  Load load = any_load();
  const auto fits = [&](const Window& window) { return load.fits(window); };
  Windows done;
  for (const Window& part : parts_of(load.whole(), {}, fits)) {
    if (*rc::gen::inRange(0, 2) == 1) done.insert(part);
  }
  load.limit = *rc::gen::inRange(0, 2500);  // batches came or went, or messages hold other numbers
  const auto rest = parts_of(load.whole(), done, fits);
  for (const Window& part : rest) RC_ASSERT(!done.contains(part));
  Windows all = done;
  all.insert(rest.begin(), rest.end());
  RC_ASSERT(all.size() == done.size() + rest.size());
  check_tiles(load.whole(), all);
  for (const Window& part : rest) {
    RC_ASSERT(fits(part) || part.end - part.begin == minutes(1));
  }
  RC_ASSERT(parts_of(load.whole(), all, fits).empty());
}

}  // namespace
}  // namespace waybill::prio
