#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/mutex.h"
#include "bench/live_worker.h"
#include "bench/scale/scale_loads.h"
#include "bench/scale/scale_tasks.h"

namespace waybill::bench {
namespace {

constexpr auto kGiveUpAfter = std::chrono::minutes(1);

/// Notes when each task's run began.
class NotingKind final : public TaskKind {
 public:
  explicit NotingKind(Clock& clock) : clock_(clock) {}
  std::string_view name() const override { return "noop"; }
  Status check(const TaskRequest& /*request*/) const override { return {}; }
  Outcome run(const Task& task, TaskContext& /*context*/) override {
    const SteadyTime now = clock_.steady_now();
    const Lock lock(mutex_);
    began_[task.id()] = now;
    if (began_.size() >= wanted_) all_.notify_all();
    return outcome::Succeeded{};
  }
  /// When they began, once as many as `count` have, or after kGiveUpAfter.
  std::map<Uuid, SteadyTime> await(std::size_t count) {
    const SteadyTime until = clock_.steady_now() + kGiveUpAfter;
    Lock lock(mutex_);
    wanted_ = count;
    while (began_.size() < count && clock_.steady_now() < until) all_.wait_until(lock, until);
    return began_;
  }

 private:
  Clock& clock_;
  Mutex mutex_;
  Condition all_;
  std::size_t wanted_ GUARDED_BY(mutex_) = SIZE_MAX;
  std::map<Uuid, SteadyTime> began_ GUARDED_BY(mutex_);
};

Status insert_own(Ledger& ledger, const std::vector<TaskRequest>& all, std::size_t batch) {
  for (std::size_t at = 0; at < all.size(); at += batch) {
    const auto part = std::span(all).subspan(at, std::min(batch, all.size() - at));
    if (const auto inserted = ledger.insert(part); !inserted) return fail(inserted.error());
  }
  return {};
}

}  // namespace

Result<ScaleReport> run_enqueue(const ScaleOptions& options) {
  SystemClock clock;
  const auto ledger = PostgresLedger::create(options.place, clock);
  if (!ledger) return fail(ledger.error());
  const auto shares = scale_tasks(options, clock);
  // The lane of these tasks is made once in a ledger's life, and is not what is measured.
  const auto first = scale_tasks({.tasks = 1}, clock);
  if (Status made = insert_own((*ledger)->ledger(), first.front(), 1); !made) {
    return fail(made.error());
  }
  std::vector<Status> answers(options.callers);
  const SteadyTime begin = clock.steady_now();
  {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < options.callers; ++i) {
      callers.emplace_back(
          [&, i] { answers[i] = insert_own((*ledger)->ledger(), shares[i], options.batch); });
    }
  }
  const Duration took = clock.steady_now() - begin;
  ScaleReport report{.seconds = std::chrono::duration<double>(took).count()};
  for (std::size_t i = 0; i < options.callers; ++i) {
    if (!answers[i]) return fail(answers[i].error());
    report.tasks += shares[i].size();
  }
  return report;
}

Result<ScaleReport> run_start(const ScaleOptions& options) {
  SystemClock clock;
  const auto ledger = PostgresLedger::create(options.place, clock);
  if (!ledger) return fail(ledger.error());
  const auto of_worker = PostgresLedger::create(options.place, clock);
  if (!of_worker) return fail(of_worker.error());
  NotingKind kind(clock);
  const auto worker = LiveWorker::create(
      clock, {.directory = options.directory, .kinds = {&kind}},
      {(*of_worker)->ledger(), (*of_worker)->reader(), (*of_worker)->registry()});
  if (!worker) return fail(worker.error());
  const auto tasks = scale_tasks({.tasks = options.tasks}, clock).front();
  std::vector<SteadyTime> offered;
  const Duration apart =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / options.rate));
  const SteadyTime begin = clock.steady_now();
  SteadyTime next = begin + apart;
  for (const TaskRequest& task : tasks) {
    clock.wait_until(next, {});
    next += apart;
    offered.push_back(clock.steady_now());
    if (auto inserted = (*ledger)->ledger().insert({&task, 1}); !inserted) {
      return fail(inserted.error());
    }
  }
  const auto began = kind.await(tasks.size());
  ScaleReport report{.tasks = tasks.size(),
                     .seconds = std::chrono::duration<double>(clock.steady_now() - begin).count()};
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto found = began.find(tasks[i].id);
    if (found == began.end()) {
      return fail(Code::deadline_exceeded, "a task did not start within a minute");
    }
    report.waits_ms.push_back(
        std::chrono::duration<double, std::milli>(found->second - offered[i]).count());
  }
  std::ranges::sort(report.waits_ms);
  return report;
}

}  // namespace waybill::bench
