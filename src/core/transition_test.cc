#include "core/transition.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

constexpr Time kNow = from_micros(1'800'000'000'000'000);

Task ready_task() {
  Task task;
  task.request.id.bytes[0] = 1;
  task.request.kind = "noop";
  task.created_at = kNow;
  task.status = accept(task.request, 0, kNow).status;
  return task;
}

Task after(Task task, const Event& event, Time now = kNow) {
  auto change = transition(task, event, {.now = now});
  EXPECT_TRUE(change.has_value()) << change.error().message;
  if (change) task.status = change->after;
  return task;
}

TEST(Transition, AClaimedTaskThatSucceedsIsFinished) {
  Task task = after(ready_task(), event::Claim{.worker = "w", .lease = std::chrono::seconds(30)});
  EXPECT_EQ(task.status.state, State::leased);
  EXPECT_EQ(task.status.fence, 1u);
  EXPECT_EQ(task.status.lease_until, kNow + std::chrono::seconds(30));
  task = after(task, event::Succeed{.fence = 1, .result = "{}"});
  EXPECT_EQ(task.status.state, State::succeeded);
  EXPECT_EQ(task.status.finished_at, kNow);
}

TEST(Transition, AWorkerWithAnOldFenceIsTurnedAway) {
  Task task = after(ready_task(), event::Claim{.worker = "a", .lease = Duration(1)});
  task = after(task, event::Expire{}, kNow + Duration(1));
  task = after(task, event::Claim{.worker = "b", .lease = Duration(1)});
  const auto late = transition(task, event::Succeed{.fence = 1}, {.now = kNow});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::aborted);
}

TEST(Transition, ATaskThatKillsThreeWorkersIsFailedAsPoison) {
  Task task = ready_task();
  for (int death = 0; death < 3; ++death) {
    task = after(task, event::Claim{.worker = "w", .lease = Duration(1)});
    task = after(task, event::Expire{}, kNow + Duration(1));
  }
  EXPECT_EQ(task.status.state, State::failed);
  EXPECT_NE(task.status.error.find("poison"), std::string::npos);
}

TEST(Transition, ACancelRequestedWhileLeasedSurvivesATransientFailure) {
  Task task = after(ready_task(), event::Claim{.worker = "w", .lease = Duration(10)});
  task = after(task, event::Cancel{.by = "ann"});
  EXPECT_EQ(task.status.state, State::leased);
  task = after(task, event::Fail{.fence = 1, .error = "net down"});
  EXPECT_EQ(task.status.state, State::cancelled);
}

}  // namespace
}  // namespace waybill
