#include "core/prio/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Split, NamesAPartByItsWindowAndItself) {
  EXPECT_EQ(part_marker("kittens", kWhole, part(0, 90)),
            "aggregate-kittens-2020-10-31-06-00-2020-10-31-09-00-part-2020-10-31-06-00-"
            "2020-10-31-07-30");
}

}  // namespace
}  // namespace waybill::prio
