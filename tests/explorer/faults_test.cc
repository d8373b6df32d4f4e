// A checker is worth what it catches: each fault here is planted into the rules, and the explorer
// has to find the shortest way in which it shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <utility>

#include "tests/explorer/explore.h"

namespace waybill::explorer {
namespace {

const Budget kSmall{.claims = 2, .cancels = 1, .retries = 0};

struct Expected {
  Invariant invariant;
  const char* says;
  std::size_t steps;
  const char* last;
};

void expect_caught(const Rules& fault, const World& initial, const Expected& expected) {
  const Exploration result = explore(initial, fault);
  std::cout << result.report() << "\n";
  ASSERT_TRUE(result.violation);
  EXPECT_EQ(to_string(result.violation->invariant), to_string(expected.invariant));
  EXPECT_THAT(result.violation->what, testing::HasSubstr(expected.says));
  EXPECT_EQ(result.trace.size(), expected.steps);
  EXPECT_EQ(result.trace.back(), expected.last);
}

constexpr const char* kRescue = "the rescuer acts on what it saw";

/// Decides as it should, and then something happens to the change.
class TwistedChanges : public Rules {
 public:
  using Twist = std::function<void(const Event& event, Change& change)>;
  explicit TwistedChanges(Twist twist) : twist_(std::move(twist)) {}
  Result<Change> decide(const Task& task, const Event& event, const Moment& moment) const override {
    auto change = Rules::decide(task, event, moment);
    if (change) twist_(event, *change);
    return change;
  }

 private:
  const Twist twist_;
};

/// Decides by another policy than the task's.
class OtherPolicy : public Rules {
 public:
  explicit OtherPolicy(void (*twist)(RetryPolicy&)) : twist_(twist) {}
  Result<Change> decide(const Task& task, const Event& event, const Moment& moment) const override {
    Task other = task;
    twist_(other.request.retry);
    return Rules::decide(other, event, moment);
  }

 private:
  void (*const twist_)(RetryPolicy&);
};

void finish(Change& change, State state) {
  change.after.state = state;
  change.after.finished_at = now();
}

bool is_completion(const Change& change) { return change.after.state == State::succeeded; }
bool is_expiry(const Change& change) { return change.from_lease_until.has_value(); }

TEST(PlantedFault, CompletionWithoutFenceCheckIsCaught) {
  struct Fault : Rules {
    bool takes_effect(const Task& stored, const Change& change) const override {
      return is_completion(change) ? stored.status.state == change.from.state
                                   : Rules::takes_effect(stored, change);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::fences, "a write with fence 1 took effect", 4, "worker 0 succeeds"});
}

TEST(PlantedFault, RescueThatOverwritesAFinishedTaskIsCaught) {
  struct Fault : Rules {
    bool takes_effect(const Task& stored, const Change& change) const override {
      return is_expiry(change) || Rules::takes_effect(stored, change);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::one_state, "which is final", 6, kRescue});
}

TEST(PlantedFault, OneAttemptTooManyIsCaught) {
  expect_caught(OtherPolicy([](RetryPolicy& retry) { retry.failures_max += 1; }),
                independent_tasks(kSmall),
                {Invariant::attempts, "to scheduled at 2 failures", 7, "worker 1 fails"});
}

TEST(PlantedFault, OneAttemptTooFewIsCaught) {
  expect_caught(OtherPolicy([](RetryPolicy& retry) { retry.failures_max -= 1; }),
                independent_tasks(kSmall),
                {Invariant::attempts, "to failed at 1 failures", 2, "worker 0 fails"});
}

TEST(PlantedFault, OneWorkerTooManyIsCaught) {
  expect_caught(OtherPolicy([](RetryPolicy& retry) { retry.worker_deaths_max += 1; }),
                independent_tasks(kSmall),
                {Invariant::attempts, "to ready at 2 worker deaths", 10, kRescue});
}

TEST(PlantedFault, OneWorkerTooFewIsCaught) {
  expect_caught(OtherPolicy([](RetryPolicy& retry) { retry.worker_deaths_max -= 1; }),
                independent_tasks(kSmall),
                {Invariant::attempts, "to failed at 1 worker deaths", 5, kRescue});
}

TEST(PlantedFault, AFenceThatDoesNotGrowIsCaught) {
  expect_caught(TwistedChanges([](const Event&, Change& change) {
                  if (change.after.state == State::leased) change.after.fence = change.from.fence;
                }),
                independent_tasks(kSmall),
                {Invariant::fences, "a fence went from 0 to 0", 1, "worker 0 claims task 0"});
}

TEST(PlantedFault, ALeaseGivenTwiceIsCaught) {
  struct Fault : Rules {
    bool is_claimable(const Task& stored) const override {
      return stored.status.state == State::leased || Rules::is_claimable(stored);
    }
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      if (!std::holds_alternative<event::Claim>(event)) return Rules::decide(task, event, moment);
      Task as_if_ready = task;
      as_if_ready.status.state = State::ready;
      auto change = Rules::decide(as_if_ready, event, moment);
      if (change) change->from.state = task.status.state;
      return change;
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::leases, "while it was leased", 2, "worker 1 claims task 0"});
}

TEST(PlantedFault, ACancelLostWhileLeasedIsCaught) {
  // The worker's copy is older than the cancel; only the revision says so.
  struct Fault : Rules {
    bool takes_effect(const Task& stored, const Change& change) const override {
      Change blind = change;
      blind.from.revision = stored.status.revision;
      return Rules::takes_effect(stored, blind);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::cancel_kept, "although a cancel was accepted", 3, "worker 0 fails"});
}

TEST(PlantedFault, ACancelThatIsForgottenAsItIsAcceptedIsCaught) {
  expect_caught(TwistedChanges([](const Event&, Change& change) { change.after.cancel = {}; }),
                independent_tasks(kSmall),
                {Invariant::cancel_kept, "and forgot it", 2, "a person cancels task 0"});
}

TEST(PlantedFault, ACancelThatNobodyAskedForIsCaught) {
  expect_caught(TwistedChanges([](const Event& event, Change& change) {
                  if (std::holds_alternative<event::GiveBack>(event)) {
                    finish(change, State::cancelled);
                  }
                }),
                independent_tasks(kSmall),
                {Invariant::cancel_kept, "although nobody asked for it", 2, "worker 0 gives back"});
}

TEST(PlantedFault, ARetryThatForgetsItsDelayIsCaught) {
  expect_caught(
      TwistedChanges([](const Event&, Change& change) {
        if (change.entry.happening == Happening::retry_scheduled) change.after.state = State::ready;
      }),
      independent_tasks(kSmall),
      {Invariant::delay_kept, "1 ticks before its delay was over", 3, "worker 1 claims task 0"});
}

TEST(PlantedFault, ARetryThatForgetsTheDelayThatWasAskedForIsCaught) {
  struct Fault : Rules {
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      Event plain = event;
      if (auto* failure = std::get_if<event::Fail>(&plain)) failure->retry_after = {};
      return Rules::decide(task, plain, moment);
    }
  };
  expect_caught(
      Fault(), independent_tasks(kSmall),
      {Invariant::delay_kept, "1 ticks before its delay was over", 6, "worker 1 claims task 0"});
}

TEST(PlantedFault, ASnoozeThatIsNoneIsCaught) {
  expect_caught(
      TwistedChanges([](const Event&, Change& change) {
        if (change.entry.happening == Happening::snoozed) change.after.state = State::ready;
      }),
      independent_tasks(kSmall),
      {Invariant::delay_kept, "1 ticks before its delay was over", 3, "worker 1 claims task 0"});
}

TEST(PlantedFault, ASuccessThatFailsIsCaught) {
  expect_caught(TwistedChanges([](const Event& event, Change& change) {
                  if (std::holds_alternative<event::Succeed>(event)) finish(change, State::failed);
                }),
                independent_tasks(kSmall),
                {Invariant::one_state, "where that does not lead", 2, "worker 0 succeeds"});
}

TEST(PlantedFault, AFailureForGoodThatIsTriedAgainIsCaught) {
  struct Fault : Rules {
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      Event plain = event;
      if (auto* failure = std::get_if<event::Fail>(&plain)) failure->failure_class = {};
      return Rules::decide(task, plain, moment);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::one_state, "where that does not lead", 2, "worker 0 fails for good"});
}

TEST(PlantedFault, AnEndWithoutItsTimeIsCaught) {
  expect_caught(TwistedChanges([](const Event&, Change& change) { change.after.finished_at = {}; }),
                independent_tasks(kSmall),
                {Invariant::one_state, "a task that is cancelled does not look like it", 1,
                 "a person cancels task 0"});
}

TEST(PlantedFault, ALeaseThatOutlivesItsRunIsCaught) {
  expect_caught(TwistedChanges([](const Event& event, Change& change) {
                  if (std::holds_alternative<event::GiveBack>(event)) {
                    change.after.lease_until = now();
                  }
                }),
                independent_tasks(kSmall),
                {Invariant::one_state, "a task that is ready does not look like it", 2,
                 "worker 0 gives back"});
}

TEST(PlantedFault, AScheduleWithoutATimeIsCaught) {
  expect_caught(TwistedChanges([](const Event&, Change& change) {
                  if (change.after.state == State::scheduled) change.after.run_at = {};
                }),
                independent_tasks(kSmall),
                {Invariant::one_state, "a task that is scheduled does not look like it", 2,
                 "worker 0 fails"});
}

TEST(PlantedFault, AWaitForNothingIsCaught) {
  const Budget budget{.claims = 1, .cancels = 1, .retries = 1};
  expect_caught(TwistedChanges([](const Event& event, Change& change) {
                  if (std::holds_alternative<event::Retry>(event)) change.after.waiting_for = 0;
                }),
                dependent_tasks(budget),
                {Invariant::one_state, "a task that is blocked does not look like it", 2,
                 "a person retries task 1"});
}

TEST(PlantedFault, ARescueThatOverlooksAHeartbeatIsCaught) {
  struct Fault : Rules {
    bool takes_effect(const Task& stored, const Change& change) const override {
      Change blind = change;
      blind.from_lease_until.reset();
      return Rules::takes_effect(stored, blind);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::leases, "whose lease still runs", 6, kRescue});
}

TEST(PlantedFault, AWaitThatAnyEndSatisfiesIsCaught) {
  struct Fault : Rules {
    bool frees_waiters(const Task&, const Change& change) const override {
      return is_finished(change.after.state);
    }
  };
  expect_caught(
      Fault(), dependent_tasks(kSmall),
      {Invariant::waits, "before what it waits for succeeded", 1, "a person cancels task 0"});
}

TEST(PlantedFault, ASuccessThatIsTakenTwiceIsCaught) {
  struct Fault : Rules {
    bool takes_effect(const Task& stored, const Change& change) const override {
      return is_completion(change) ? stored.status.fence == change.from.fence
                                   : Rules::takes_effect(stored, change);
    }
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      if (!std::holds_alternative<event::DependencySucceeded>(event)) {
        return Rules::decide(task, event, moment);
      }
      Task as_if_blocked = task;
      as_if_blocked.status.state = State::blocked;
      as_if_blocked.status.waiting_for = 1;
      auto change = Rules::decide(as_if_blocked, event, moment);
      if (change) change->from.state = task.status.state;
      return change;
    }
  };
  expect_caught(
      Fault(), dependent_tasks(kSmall),
      {Invariant::waits, "a task that waits for nothing was unblocked", 3, "worker 0 succeeds"});
}

TEST(PlantedFault, AWaitThatIsForgottenIsCaught) {
  struct Fault : Rules {
    bool frees_waiters(const Task&, const Change&) const override { return false; }
  };
  expect_caught(
      Fault(), dependent_tasks(kSmall),
      {Invariant::waits, "still waits for one that has succeeded", 2, "worker 0 succeeds"});
}

}  // namespace
}  // namespace waybill::explorer
