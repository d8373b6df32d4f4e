#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/janitor.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/sim_clock.h"

namespace waybill {

/// A janitor over fakes, and tasks for him.
class JanitorTest : public testing::Test {
 protected:
  void insert(const std::vector<TaskRequest>& requests) { ASSERT_TRUE(ledger_.insert(requests)); }
  /// Claims the next task and ends it so.
  void finish_next(const std::string& queue, State outcome) {
    const auto claimed = ledger_.claim({.queues = {queue}, .worker = "w"});
    ASSERT_TRUE(claimed);
    ASSERT_EQ(claimed->size(), 1u);
    const Task& task = claimed->front();
    Event event = event::Succeed{.fence = task.status.fence};
    if (outcome == State::failed) {
      event = event::Fail{.fence = task.status.fence, .failure_class = FailureClass::permanent};
    }
    const auto change = transition(task, event, {.now = clock_.now()});
    ASSERT_TRUE(change);
    ASSERT_TRUE(ledger_.apply(std::vector{*change})->front());
    ASSERT_TRUE(logs_.append(task.id(), {.bytes = "output"}));
  }
  void finish_next(State outcome) { finish_next("default", outcome); }
  /// One whole round.
  void round(Janitor& janitor) {
    for (;;) {
      const Result<Duration> wait = janitor.step({});
      ASSERT_TRUE(wait) << wait.error().message;
      if (*wait >= std::chrono::minutes(1)) return;
      clock_.advance(*wait);
    }
  }
  void round() { round(janitor_); }
  bool is_there(int number) { return ledger_.get(task_id(number)).has_value(); }
  bool has_logs(int number) { return !logs_.read(task_id(number), "", 100)->chunks.empty(); }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeLogStore logs_;
  Janitor janitor_{{.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_},
                   {.batch = 2}};
};

}  // namespace waybill
