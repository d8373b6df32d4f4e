#include "testing/stage.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

using namespace std::chrono_literals;

TEST(Stage, RemembersTheLeastAndTheGreatestTimeThatItsClockHasShown) {
  Stage stage(Rng(1));
  const Time begin = stage.now();
  stage.wait_until(stage.steady_now() + 5min, {});
  stage.jump(-20min);
  stage.wait_until(stage.steady_now() + 1min, {});
  EXPECT_EQ(stage.earliest(), begin - 15min);
  EXPECT_EQ(stage.latest(), begin + 5min);
  stage.jump(30min);
  EXPECT_EQ(stage.latest(), begin + 16min);
}

TEST(Stage, LetsAnActorLeaveWhileItActs) {
  Stage stage(Rng(1));
  int acts = 0;
  Stage::Actor actor = 0;
  actor = stage.enter(
      [&] {
        ++acts;
        stage.exit(actor);
        return Duration(1s);
      },
      1s);
  stage.wait_until(stage.steady_now() + 1min, {});
  EXPECT_EQ(acts, 1);
}

TEST(Stage, LetsOthersActWhileOneWaits) {
  Stage stage(Rng(1));
  std::string order;
  stage.enter(
      [&] {
        order += 'a';
        stage.wait_until(stage.steady_now() + 10s, {});
        order += 'A';
        return Stage::kNever;
      },
      1s);
  stage.enter(
      [&] {
        order += 'b';
        return Stage::kNever;
      },
      5s);
  stage.wait_until(stage.steady_now() + 1min, {});
  EXPECT_EQ(order, "abA");
}

}  // namespace
}  // namespace waybill
