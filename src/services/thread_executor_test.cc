#include "services/thread_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <thread>

#include "services/worker_loop.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::seconds;

class NamedKind final : public TaskKind {
 public:
  using Run = std::function<Outcome(const Task&, TaskContext&)>;
  NamedKind(std::string name, bool runs_inline, Run run)
      : name_(std::move(name)), inline_(runs_inline), run_(std::move(run)) {}
  std::string_view name() const override { return name_; }
  Status check(const TaskRequest& /*request*/) const override { return {}; }
  bool runs_inline() const override { return inline_; }
  Outcome run(const Task& task, TaskContext& context) override { return run_(task, context); }

 private:
  const std::string name_;
  const bool inline_;
  const Run run_;
};

/// Names directories without making them; counts those that are not removed yet.
class CountingScratch final : public ScratchSpace {
 public:
  Result<std::string> create(const Uuid& task, std::uint32_t attempt) override {
    if (full) return fail(Code::resource_exhausted, "no space left");
    ++held;
    return to_string(task) + "." + std::to_string(attempt);
  }
  Status remove(const std::string& /*directory*/) override {
    --held;
    return {};
  }
  std::atomic<bool> full = false;
  std::atomic<int> held = 0;
};

/// Keeps nothing; counts the calls that begin while another is under way.
class OneWriterLogStore final : public LogStore {
 public:
  Status append(const Uuid& /*task*/, const LogChunk& /*chunk*/) override {
    if (writers_.fetch_add(1) > 0) ++overlaps;
    std::this_thread::yield();
    writers_.fetch_sub(1);
    return {};
  }
  Status append_all(const Uuid& task, std::span<const LogChunk> chunks,
                    std::optional<std::uint64_t> /*before*/) override {
    for (const LogChunk& chunk : chunks) {
      if (Status appended = append(task, chunk); !appended) return appended;
    }
    return {};
  }
  Result<LogPage> read(const Uuid&, const std::string&, std::size_t) override { return LogPage{}; }
  Status remove(const Uuid&) override { return {}; }
  Result<LoggedTasks> logged(const std::string&) override { return LoggedTasks{}; }

  std::atomic<int> overlaps = 0;

 private:
  std::atomic<int> writers_ = 0;
};

/// A ledger on a damaged disk.
class DamagedLedger final : public Ledger {
 public:
  Time now() const override { return {}; }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest>) override { return damaged(); }
  Result<std::vector<Task>> claim(const ClaimParams&) override { return damaged(); }
  Result<std::vector<Status>> apply(std::span<const Change>) override { return damaged(); }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension>) override {
    return damaged();
  }
  Result<std::vector<Status>> record(std::span<const Report>) override { return damaged(); }
  Result<Overdue> overdue(std::size_t) override { return damaged(); }
  Result<std::vector<Uuid>> remove(std::span<const Uuid>, Time) override { return damaged(); }

 private:
  static tl::unexpected<Error> damaged() { return fail(Code::data_loss, "page 5 is damaged"); }
};

/// Blocks until its run is asked to stop.
Outcome run_until_stopped(const Task& /*task*/, TaskContext& context) {
  Bell bell;
  SimClock clock(OnWait::blocks);
  bell.wait(bell.rung(), {.stop = context.stop()}, clock);
  return outcome::Stopped{.proof = "{}"};
}

class ThreadExecutorTest : public ::testing::Test {
 protected:
  ThreadExecutorTest() {
    executor_ = std::make_unique<ThreadExecutor>(
        ExecutorPorts{.clock = clock_, .logs = logs_, .scratch = scratch_, .bell = bell_},
        std::vector<TaskKind*>{&noop_, &waits_, &talks_, &throws_}, 2);
  }
  static Task leased(int number, std::string kind) {
    Task task;
    task.request = a_task(number).kind(std::move(kind));
    task.status = {.state = State::leased, .fence = 1, .attempt = 1};
    return task;
  }
  /// Blocks until a run has ended.
  FinishedRun await_finished() {
    for (;;) {
      const auto seen = bell_.rung();
      auto finished = executor_->take_finished();
      if (!finished.empty()) return finished.front();
      bell_.wait(seen, {}, clock_);
    }
  }

  SimClock clock_{OnWait::blocks};
  FakeLogStore logs_;
  CountingScratch scratch_;
  Bell bell_;
  NamedKind noop_{"noop", true, [](const Task&, TaskContext&) { return outcome::Succeeded{}; }};
  NamedKind waits_{"waits", false, run_until_stopped};
  NamedKind talks_{"talks", false, [](const Task&, TaskContext& context) -> Outcome {
                     context.log(LogStream::out, context.scratch_directory() + "\n");
                     context.progress(R"({"done":1})");
                     context.progress(R"({"done":2})");
                     context.checkpoint(context.last_checkpoint());
                     return outcome::Succeeded{.result = "{}"};
                   }};
  NamedKind throws_{"throws", false, [](const Task&, TaskContext&) -> Outcome {
                      throw std::runtime_error("a library's own");
                    }};
  std::unique_ptr<ThreadExecutor> executor_;
};

TEST_F(ThreadExecutorTest, AnInlineKindHasEndedWhenStartReturns) {
  executor_->start(leased(1, "noop"), {});
  const auto finished = executor_->take_finished();
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].key, (RunKey{task_id(1), 1}));
  EXPECT_TRUE(executor_->take_finished().empty());
  EXPECT_EQ(scratch_.held, 0);
}

TEST_F(ThreadExecutorTest, ARunHasADirectoryALogAndItsLatestReports) {
  executor_->start(leased(1, "talks"), {.checkpoint = R"({"page":3})"});
  EXPECT_TRUE(std::holds_alternative<outcome::Succeeded>(await_finished().outcome));
  EXPECT_EQ(logs_.read(task_id(1), "", 1000)->chunks.at(0).bytes, to_string(task_id(1)) + ".1\n");
  const auto reports = executor_->take_reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].progress, R"({"done":2})");
  EXPECT_EQ(reports[0].checkpoint, R"({"page":3})");
  EXPECT_TRUE(executor_->take_reports().empty());
  EXPECT_EQ(scratch_.held, 0);
}

TEST_F(ThreadExecutorTest, ARunIsAskedToStopAndItsLogSaysWhy) {
  executor_->start(leased(1, "waits"), {});
  executor_->request_stop({task_id(9), 1}, StopReason::cancel);  // unknown: passed over
  executor_->request_stop({task_id(1), 1}, StopReason::cancel);
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(await_finished().outcome));
  EXPECT_EQ(logs_.read(task_id(1), "", 1000)->chunks.at(0).bytes,
            "stopping: a cancel was asked for\n");
}

TEST_F(ThreadExecutorTest, ARunsLogHasOneWriterAtATimeAlsoWhileTheRunIsStopped) {
  OneWriterLogStore logs;
  std::atomic<bool> stopped = false;
  NamedKind prints("prints", false, [&](const Task&, TaskContext& context) -> Outcome {
    while (!stopped) context.log(LogStream::out, "line\n");
    return outcome::Succeeded{};
  });
  executor_ = std::make_unique<ThreadExecutor>(
      ExecutorPorts{.clock = clock_, .logs = logs, .scratch = scratch_, .bell = bell_},
      std::vector<TaskKind*>{&prints}, 1);
  executor_->start(leased(1, "prints"), {});
  for (int i = 0; i < 300; ++i) executor_->request_stop({task_id(1), 1}, StopReason::cancel);
  stopped = true;
  await_finished();
  EXPECT_EQ(logs.overlaps, 0);
}

TEST_F(ThreadExecutorTest, ReportsRingAtMostOnceInAPeriodThoughTheyAreTakenInBetween) {
  std::uint64_t rings = 0;
  NamedKind chatters("chatters", true, [&](const Task&, TaskContext& context) -> Outcome {
    const std::uint64_t before = bell_.rung();
    for (int i = 0; i < 100; ++i) {
      context.progress(R"({"done":1})");
      EXPECT_EQ(executor_->take_reports().size(), 1U);
      clock_.advance(std::chrono::milliseconds(20));
    }
    rings = bell_.rung() - before;
    return outcome::Succeeded{};
  });
  executor_ = std::make_unique<ThreadExecutor>(
      ExecutorPorts{.clock = clock_, .logs = logs_, .scratch = scratch_, .bell = bell_},
      std::vector<TaskKind*>{&chatters}, 1, seconds(1));
  executor_->start(leased(1, "chatters"), {});
  EXPECT_EQ(rings, 2U) << "in two seconds";
}

TEST_F(ThreadExecutorTest, AWorkerLooksAgainForReportsThatDidNotRing) {
  NamedKind reports("reports", false, [](const Task& task, TaskContext& context) {
    context.progress(R"({"done":1})");
    return run_until_stopped(task, context);
  });
  executor_ = std::make_unique<ThreadExecutor>(
      ExecutorPorts{.clock = clock_, .logs = logs_, .scratch = scratch_, .bell = bell_},
      std::vector<TaskKind*>{&reports}, 1);
  FakeLedger ledger(clock_);
  constexpr Duration kLong = std::chrono::hours(1);
  Worker worker({.ledger = ledger,
                 .reader = ledger,
                 .registry = ledger,
                 .clock = clock_,
                 .executor = *executor_},
                {.name = "w1",
                 .slots = 1,
                 .lease = 2 * kLong,
                 .beat_every = kLong,
                 .listen_every = kLong,
                 .register_every = kLong},
                Rng(1));
  ASSERT_TRUE(ledger.insert(a_batch({a_task(1).kind("reports")})).has_value());
  const std::uint64_t seen = bell_.rung();
  ASSERT_TRUE(worker.step({}).has_value());
  bell_.wait(seen, {}, clock_);
  const Result<Duration> wait = worker.step({});
  EXPECT_EQ(ledger.reported(task_id(1))->progress, R"({"done":1})");
  EXPECT_LE(wait.value_or(kLong), seconds(1));
  executor_->request_stop({task_id(1), 1}, StopReason::worker_stops);
}

TEST_F(ThreadExecutorTest, AKindThatThrowsFailsItsRunOnly) {
  executor_->start(leased(1, "throws"), {});
  const FinishedRun finished = await_finished();
  const auto* failed = std::get_if<outcome::Failed>(&finished.outcome);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->failure_class, FailureClass::transient);
  EXPECT_EQ(failed->error, "the kind throws threw: a library's own");
}

TEST_F(ThreadExecutorTest, WithoutAScratchDirectoryARunFailsTransiently) {
  scratch_.full = true;
  executor_->start(leased(1, "talks"), {});
  const FinishedRun finished = await_finished();
  const auto* failed = std::get_if<outcome::Failed>(&finished.outcome);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->error, "cannot make a scratch directory: no space left");
}

TEST_F(ThreadExecutorTest, DestroyingItStopsWhatRunsAndWhatWaitsForAThread) {
  for (int number = 1; number <= 5; ++number) executor_->start(leased(number, "waits"), {});
  executor_.reset();
  EXPECT_EQ(scratch_.held, 0);
}

TEST_F(ThreadExecutorTest, ALoopRunsTasksAndGivesThemBackWhenItStops) {
  FakeLedger ledger(clock_);
  Worker worker({.ledger = ledger,
                 .reader = ledger,
                 .registry = ledger,
                 .clock = clock_,
                 .executor = *executor_},
                {.name = "w1", .slots = 2}, Rng(1));
  const auto tasks = a_batch({a_task(1).kind("talks"), a_task(2).kind("waits"), a_task(3)});
  ASSERT_TRUE(ledger.insert(tasks).has_value());
  WorkerLoop loop(worker, bell_, clock_);
  std::optional<std::uint64_t> seen;
  while (ledger.get(task_id(1))->status.state != State::succeeded ||
         ledger.get(task_id(3))->status.state != State::succeeded) {
    seen = *ledger.last_sequence(seen, {});
  }
  EXPECT_EQ(ledger.get(task_id(2))->status.state, State::leased);
  loop.stop(seconds(0));
  EXPECT_EQ(ledger.get(task_id(2))->status.state, State::ready);
  EXPECT_TRUE(ledger.workers()->empty());
}

TEST_F(ThreadExecutorTest, ALoopEndsAndSaysWhyWhenTheLedgerCannotGoOn) {
  DamagedLedger ledger;
  FakeLedger others(clock_);
  Worker worker({.ledger = ledger,
                 .reader = others,
                 .registry = others,
                 .clock = clock_,
                 .executor = *executor_},
                {.name = "w1", .slots = 2}, Rng(1));
  WorkerLoop loop(worker, bell_, clock_);
  Bell never;
  never.wait(never.rung(), {.stop = loop.broken()}, clock_);
  ASSERT_TRUE(loop.failure().has_value());
  EXPECT_EQ(loop.failure()->code, Code::data_loss);
}

}  // namespace
}  // namespace waybill
