// A checker is worth what it catches: each fault here is planted into the rules, and the explorer
// has to find the shortest way in which it shows.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/explorer/explore.h"

namespace waybill::explorer {
namespace {

const Budget kSmall{.claims = 2, .cancels = 1, .retries = 0};

struct Expected {
  Invariant invariant;
  std::size_t steps;
  const char* last;
};

void expect_caught(const Rules& fault, const World& initial, const Expected& expected) {
  const Exploration result = explore(initial, fault);
  std::cout << result.report() << "\n";
  ASSERT_TRUE(result.violation);
  EXPECT_EQ(to_string(result.violation->invariant), to_string(expected.invariant));
  EXPECT_EQ(result.trace.size(), expected.steps);
  EXPECT_EQ(result.trace.back(), expected.last);
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
  expect_caught(Fault(), independent_tasks(kSmall), {Invariant::fences, 4, "worker 0 succeeds"});
}

TEST(PlantedFault, RescueThatOverwritesAFinishedTaskIsCaught) {
  struct Fault : Rules {
    bool takes_effect(const Task& stored, const Change& change) const override {
      return is_expiry(change) || Rules::takes_effect(stored, change);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::one_state, 6, "the rescuer acts on what it saw"});
}

TEST(PlantedFault, OneAttemptTooManyIsCaught) {
  struct Fault : Rules {
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      Task lenient = task;
      lenient.request.retry.failures_max += 1;
      return Rules::decide(lenient, event, moment);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall), {Invariant::attempts, 7, "worker 1 fails"});
}

TEST(PlantedFault, OneAttemptTooFewIsCaught) {
  struct Fault : Rules {
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      Task strict = task;
      strict.request.retry.failures_max -= 1;
      return Rules::decide(strict, event, moment);
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall), {Invariant::attempts, 2, "worker 0 fails"});
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
                {Invariant::leases, 2, "worker 1 claims task 0"});
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
  expect_caught(Fault(), independent_tasks(kSmall), {Invariant::cancel_kept, 3, "worker 0 fails"});
}

TEST(PlantedFault, ARetryThatForgetsItsDelayIsCaught) {
  struct Fault : Rules {
    Result<Change> decide(const Task& task, const Event& event,
                          const Moment& moment) const override {
      auto change = Rules::decide(task, event, moment);
      if (change && change->entry.happening == Happening::retry_scheduled) {
        change->after.state = State::ready;
      }
      return change;
    }
  };
  expect_caught(Fault(), independent_tasks(kSmall),
                {Invariant::delay_kept, 3, "worker 1 claims task 0"});
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
                {Invariant::leases, 6, "the rescuer acts on what it saw"});
}

TEST(PlantedFault, AWaitThatAnyEndSatisfiesIsCaught) {
  struct Fault : Rules {
    bool frees_waiters(const Task&, const Change& change) const override {
      return is_finished(change.after.state);
    }
  };
  expect_caught(Fault(), dependent_tasks(kSmall), {Invariant::waits, 1, "a person cancels task 0"});
}

TEST(PlantedFault, AWaitThatIsForgottenIsCaught) {
  struct Fault : Rules {
    bool frees_waiters(const Task&, const Change&) const override { return false; }
  };
  expect_caught(Fault(), dependent_tasks(kSmall), {Invariant::waits, 2, "worker 0 succeeds"});
}

}  // namespace
}  // namespace waybill::explorer
