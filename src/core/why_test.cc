#include "core/why.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

namespace waybill {
namespace {

using std::chrono::seconds;

const Time kNow = parse_time("2026-11-22T12:00:00Z").value();
const Uuid kId = parse_uuid("0192f3c1-0000-7000-8000-000000000001").value();
const Uuid kOther = parse_uuid("0192f3c1-0000-7000-8000-000000000002").value();

/// A ready task of queue "intake" and kind "command" that an idle worker could take.
WhyParams startable() {
  WhyParams params;
  params.task.request.id = kId;
  params.task.request.queue = "intake";
  params.task.request.kind = "command";
  params.queue.name = "intake";
  params.now = kNow;
  params.workers = {{.name = "w1",
                     .queues = {"intake"},
                     .kinds = {"command"},
                     .slots = 4,
                     .busy = 0,
                     .seen_at = kNow - seconds(5)}};
  return params;
}

struct Case {
  const char* name;
  std::function<void(WhyParams&)> change;
  WhyReason reason;
  const char* sentence;
  const char* advice;
  std::optional<Time> earliest;
};

class WhyTest : public testing::TestWithParam<Case> {};

TEST_P(WhyTest, NamesTheFirstUnmetCondition) {
  WhyParams params = startable();
  GetParam().change(params);
  const auto conditions = why(params);
  ASSERT_FALSE(conditions.empty());
  EXPECT_EQ(to_string(conditions[0].reason), to_string(GetParam().reason));
  EXPECT_EQ(conditions[0].sentence, GetParam().sentence);
  EXPECT_EQ(conditions[0].advice, GetParam().advice);
  EXPECT_EQ(conditions[0].earliest, GetParam().earliest);
}

void lease(WhyParams& params, Time until) {
  params.task.status.state = State::leased;
  params.task.status.worker = "w1";
  params.task.status.attempt = 2;
  params.task.status.started_at = kNow - seconds(60);
  params.task.status.lease_until = until;
}

const Case kCases[] = {
    {"Next", [](WhyParams&) {}, WhyReason::starting, "nothing is in its way: it starts next", "",
     kNow},
    {"BehindOthers", [](WhyParams& p) { p.ahead = 3; }, WhyReason::starting,
     "nothing is in its way but 3 tasks that go before it", "", kNow},
    {"Paused", [](WhyParams& p) { p.queue.paused = true; }, WhyReason::queue_paused,
     "its queue intake is paused", "waybill queue resume intake", std::nullopt},
    {"ConcurrencyLimit",
     [](WhyParams& p) {
       p.queue.concurrency_max = 2;
       p.leased_in_queue = 2;
       p.ahead = 1;
     },
     WhyReason::concurrency_limit,
     "its queue intake runs 2 of at most 2 tasks at a time; 1 task goes before it", "", kNow},
    {"BelowTheLimit",
     [](WhyParams& p) {
       p.queue.concurrency_max = 2;
       p.leased_in_queue = 1;
     },
     WhyReason::starting, "nothing is in its way: it starts next", "", kNow},
    {"NoWorker", [](WhyParams& p) { p.workers.clear(); }, WhyReason::no_worker,
     "no worker serves its queue intake", "waybill worker --queues intake", std::nullopt},
    {"SilentWorker", [](WhyParams& p) { p.workers[0].seen_at = kNow - seconds(31); },
     WhyReason::no_worker, "no worker serves its queue intake", "waybill worker --queues intake",
     std::nullopt},
    {"WorkerOfAnotherQueue", [](WhyParams& p) { p.workers[0].queues = {"default"}; },
     WhyReason::no_worker, "no worker serves its queue intake", "waybill worker --queues intake",
     std::nullopt},
    {"WorkerOfEveryQueue", [](WhyParams& p) { p.workers[0].queues.clear(); }, WhyReason::starting,
     "nothing is in its way: it starts next", "", kNow},
    {"SilentWorkerOfEveryQueue",
     [](WhyParams& p) {
       p.workers[0].queues.clear();
       p.workers[0].seen_at = kNow - seconds(31);
     },
     WhyReason::no_worker, "no worker serves its queue intake", "waybill worker --queues intake",
     std::nullopt},
    {"WorkerOfEveryQueueAndAnotherKind",
     [](WhyParams& p) {
       p.workers[0].queues.clear();
       p.workers[0].kinds = {"noop"};
     },
     WhyReason::no_worker_for_kind, "no worker of its queue intake can run tasks of kind command",
     "", std::nullopt},
    {"WorkerOfEveryKind",
     [](WhyParams& p) {
       p.workers[0].kinds.clear();
       p.workers[0].slots = 0;
     },
     WhyReason::starting, "nothing is in its way: it starts next", "", kNow},
    {"WorkerOfAnotherKind", [](WhyParams& p) { p.workers[0].kinds = {"noop"}; },
     WhyReason::no_worker_for_kind, "no worker of its queue intake can run tasks of kind command",
     "", std::nullopt},
    {"BusyWorkers",
     [](WhyParams& p) {
       p.workers[0].busy = 4;
       p.ahead = 7;
     },
     WhyReason::workers_busy, "all 4 slots of 1 worker are busy; 7 tasks go before it", "", kNow},
    {"Delayed",
     [](WhyParams& p) {
       p.task.status.state = State::scheduled;
       p.task.status.run_at = kNow + seconds(90);
     },
     WhyReason::delayed, "it is to be run at 2026-11-22T12:01:30Z (in 1m30s), not before", "",
     kNow + seconds(90)},
    {"BackingOff",
     [](WhyParams& p) {
       p.task.status.state = State::scheduled;
       p.task.status.run_at = kNow + seconds(4);
       p.task.status.attempt = 2;
       p.task.status.failures = 2;
       p.task.status.error = "exit status 75";
       p.last_happening = Happening::retry_scheduled;
     },
     WhyReason::backing_off,
     "it failed 2 of 5 times and is tried again at 2026-11-22T12:00:04Z (in 4s); the last error: "
     "exit status 75",
     "waybill task logs 0192f3c1-0000-7000-8000-000000000001", kNow + seconds(4)},
    {"Snoozed",
     [](WhyParams& p) {
       p.task.status.state = State::scheduled;
       p.task.status.run_at = kNow + seconds(4);
       p.task.status.attempt = 1;
     },
     WhyReason::snoozed, "it asked to be run again at 2026-11-22T12:00:04Z (in 4s)", "",
     kNow + seconds(4)},
    {"SnoozedAfterAFailure",
     [](WhyParams& p) {
       p.task.status.state = State::scheduled;
       p.task.status.run_at = kNow + seconds(4);
       p.task.status.attempt = 3;
       p.task.status.failures = 2;
       p.task.status.error = "exit status 75";
       p.last_happening = Happening::snoozed;
     },
     WhyReason::snoozed, "it asked to be run again at 2026-11-22T12:00:04Z (in 4s)", "",
     kNow + seconds(4)},
    {"Due",
     [](WhyParams& p) {
       p.task.status.state = State::scheduled;
       p.task.status.run_at = kNow;
     },
     WhyReason::due, "it is due since 2026-11-22T12:00:00Z, and no rescuer has made it ready",
     "waybill up", kNow},
    {"PendingDependency",
     [](WhyParams& p) {
       p.task.status.state = State::blocked;
       p.dependencies = {{kOther, State::leased}};
     },
     WhyReason::dependency_pending,
     "it waits for 0192f3c1-0000-7000-8000-000000000002, which is leased",
     "waybill task why 0192f3c1-0000-7000-8000-000000000002", kNow},
    {"PendingDependencyThatIsDueLater",
     [](WhyParams& p) {
       p.task.status.state = State::blocked;
       p.dependencies = {{kOther, State::scheduled, kNow + seconds(9)}};
     },
     WhyReason::dependency_pending,
     "it waits for 0192f3c1-0000-7000-8000-000000000002, which is scheduled",
     "waybill task why 0192f3c1-0000-7000-8000-000000000002", kNow + seconds(9)},
    {"PendingDependencyThatWaitsItself",
     [](WhyParams& p) {
       p.task.status.state = State::blocked;
       p.dependencies = {{kOther, State::blocked}};
     },
     WhyReason::dependency_pending,
     "it waits for 0192f3c1-0000-7000-8000-000000000002, which is blocked",
     "waybill task why 0192f3c1-0000-7000-8000-000000000002", std::nullopt},
    {"FailedDependency",
     [](WhyParams& p) {
       p.task.status.state = State::blocked;
       p.dependencies = {{kId, State::leased}, {kOther, State::failed}};
     },
     WhyReason::dependency_failed,
     "it waits for 0192f3c1-0000-7000-8000-000000000002, which failed",
     "waybill task retry 0192f3c1-0000-7000-8000-000000000002", std::nullopt},
    {"RemovedDependency",
     [](WhyParams& p) {
       p.task.status.state = State::blocked;
       p.task.status.waiting_for = 1;
     },
     WhyReason::dependency_failed,
     "it waits for 1 task that ended without success and that retention has removed since",
     "waybill task cancel 0192f3c1-0000-7000-8000-000000000001", std::nullopt},
    {"Running", [](WhyParams& p) { lease(p, kNow + seconds(20)); }, WhyReason::running,
     "it runs on w1 since 2026-11-22T11:59:00Z (attempt 2) and can end at any moment; "
     "unless w1 extends it, its lease ends at 2026-11-22T12:00:20Z (in 20s)",
     "waybill task logs --follow 0192f3c1-0000-7000-8000-000000000001", kNow},
    {"RunningWithALimit",
     [](WhyParams& p) {
       lease(p, kNow + seconds(20));
       p.task.request.run_time_max = seconds(90);
     },
     WhyReason::running,
     "it runs on w1 since 2026-11-22T11:59:00Z (attempt 2) and can end at any moment, at the "
     "latest at 2026-11-22T12:00:30Z (in 30s); unless w1 extends it, its lease ends at "
     "2026-11-22T12:00:20Z (in 20s)",
     "waybill task logs --follow 0192f3c1-0000-7000-8000-000000000001", kNow},
    {"RunningPastItsLimit",
     [](WhyParams& p) {
       lease(p, kNow + seconds(20));
       p.task.request.run_time_max = seconds(50);
     },
     WhyReason::running,
     "it runs on w1 since 2026-11-22T11:59:00Z (attempt 2) and is being stopped: its timeout of "
     "50s ended at 2026-11-22T11:59:50Z; unless w1 extends it, its lease ends at "
     "2026-11-22T12:00:20Z (in 20s)",
     "waybill task logs --follow 0192f3c1-0000-7000-8000-000000000001", kNow},
    {"Cancelling",
     [](WhyParams& p) {
       lease(p, kNow + seconds(20));
       p.task.status.cancel.requested_at = kNow - seconds(1);
     },
     WhyReason::cancelling,
     "its worker w1 was asked to end it at 2026-11-22T11:59:59Z; if that worker is dead it ends at "
     "2026-11-22T12:00:20Z (in 20s)",
     "", kNow},
    {"LeaseOverdue", [](WhyParams& p) { lease(p, kNow - seconds(1)); }, WhyReason::lease_overdue,
     "its worker w1 fell silent, its lease ended at 2026-11-22T11:59:59Z, and no rescuer has taken "
     "it back",
     "waybill up", kNow},
    {"Failed",
     [](WhyParams& p) {
       p.task.status.state = State::failed;
       p.task.status.finished_at = kNow;
       p.task.status.error = "exit status 1";
     },
     WhyReason::finished, "it failed at 2026-11-22T12:00:00Z: exit status 1",
     "waybill task retry 0192f3c1-0000-7000-8000-000000000001", std::nullopt},
    {"FailedWithOutput",
     [](WhyParams& p) {
       p.task.status.state = State::failed;
       p.task.status.attempt = 2;
       p.task.status.finished_at = kNow;
     },
     WhyReason::finished, "it failed at 2026-11-22T12:00:00Z",
     "waybill task logs 0192f3c1-0000-7000-8000-000000000001; waybill task retry "
     "0192f3c1-0000-7000-8000-000000000001",
     std::nullopt},
    {"Succeeded",
     [](WhyParams& p) {
       p.task.status.state = State::succeeded;
       p.task.status.finished_at = kNow;
     },
     WhyReason::finished, "it succeeded at 2026-11-22T12:00:00Z", "", std::nullopt},
};

INSTANTIATE_TEST_SUITE_P(Conditions, WhyTest, testing::ValuesIn(kCases),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(WhyListTest, AlsoNamesWhatWouldHoldItUpAfterwards) {
  WhyParams params = startable();
  params.task.status.state = State::scheduled;
  params.task.status.run_at = kNow + seconds(90);
  params.queue.paused = true;
  params.workers.clear();
  const auto conditions = why(params);
  ASSERT_EQ(conditions.size(), 3U);
  EXPECT_EQ(conditions[0].reason, WhyReason::delayed);
  EXPECT_EQ(conditions[1].reason, WhyReason::queue_paused);
  EXPECT_EQ(conditions[2].reason, WhyReason::no_worker);
}

TEST(WhyListTest, ABlockedTaskMeetsItsQueueAfterWhatItWaitsFor) {
  WhyParams params = startable();
  params.task.status.state = State::blocked;
  params.dependencies = {{kOther, State::leased, Time{}}};
  EXPECT_EQ(why(params).size(), 1U);
  params.queue.paused = true;
  params.workers.clear();
  const auto conditions = why(params);
  ASSERT_EQ(conditions.size(), 3U);
  EXPECT_EQ(conditions[0].reason, WhyReason::dependency_pending);
  EXPECT_EQ(conditions[1].reason, WhyReason::queue_paused);
  EXPECT_EQ(conditions[2].reason, WhyReason::no_worker);
}

}  // namespace
}  // namespace waybill
