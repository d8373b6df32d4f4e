#include "bench/worker_bench.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "bench/live_worker.h"
#include "kinds/noop/noop.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"

namespace waybill::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kParamsBytes = 300;
constexpr auto kGiveUpAfter = std::chrono::minutes(2);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string params_text(std::size_t number) {
  std::string text = R"({"number":)" + std::to_string(number) + R"(,"padding":")";
  text.append(kParamsBytes - 2 - std::min(kParamsBytes - 2, text.size()), 'x');
  return text + R"("})";
}

TaskRequest request(UuidMaker& ids, Time now, std::string kind, std::size_t number) {
  TaskRequest made;
  made.id = ids.next(now);
  made.kind = std::move(kind);
  made.params = params_text(number);
  return made;
}

/// A directory of one repetition's own, removed after it.
class Workplace {
 public:
  Workplace(const std::string& parent, std::size_t repetition)
      : path_(parent + "/run-" + std::to_string(repetition)) {
    std::filesystem::create_directories(path_);
  }
  ~Workplace() {
    std::error_code ignored;  // a left-over is only in the way of nobody: the name is ours
    std::filesystem::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Notes when each task's run began; ids are those of the tasks in the order they were offered.
class ProbeKind final : public TaskKind {
 public:
  explicit ProbeKind(Clock& clock) : clock_(clock) {}
  std::string_view name() const override { return "probe"; }
  Status check(const TaskRequest& /*request*/) const override { return {}; }
  Outcome run(const Task& task, TaskContext& /*context*/) override {
    const SteadyTime now = clock_.steady_now();
    const Lock lock(mutex_);
    started_.emplace_back(task.id(), now);
    return outcome::Succeeded{};
  }
  std::vector<std::pair<Uuid, SteadyTime>> take_started() {
    const Lock lock(mutex_);
    return std::exchange(started_, {});
  }

 private:
  Clock& clock_;
  Mutex mutex_;
  std::vector<std::pair<Uuid, SteadyTime>> started_ GUARDED_BY(mutex_);
};

/// Blocks until `count` tasks have succeeded.
Status await_succeeded(LiveWorker& worker, Clock& clock, std::int64_t count) {
  const SteadyTime give_up = clock.steady_now() + kGiveUpAfter;
  std::uint64_t seen = 0;
  while (clock.steady_now() < give_up) {
    const auto sequence = worker.reader().last_sequence(seen, {.at = give_up});
    if (!sequence) return fail(sequence.error());
    seen = *sequence;
    const auto counts = worker.reader().counts();
    if (!counts) return fail(counts.error());
    std::int64_t succeeded = 0;
    for (const QueueCounts& queue : *counts) {
      succeeded += queue.by_state[static_cast<std::size_t>(State::succeeded)];
    }
    if (succeeded >= count) return {};
  }
  return fail(Code::deadline_exceeded, "the worker did not end its tasks within two minutes");
}

Result<double> life_once(Clock& clock, const WorkerBenchParams& params, std::size_t repetition) {
  const Workplace workplace(params.directory, repetition);
  NoopKind noop;
  auto worker = LiveWorker::create(clock, {.directory = workplace.path(), .kinds = {&noop}});
  if (!worker) return fail(worker.error());
  Rng rng(repetition);
  UuidMaker ids(rng);
  const SteadyTime begin = clock.steady_now();
  for (std::size_t offered = 0; offered < params.life_tasks;) {
    std::vector<TaskRequest> batch;
    for (; batch.size() < 1000 && offered < params.life_tasks; ++offered) {
      batch.push_back(request(ids, clock.now(), "noop", offered));
    }
    if (auto inserted = (*worker)->ledger().insert(batch); !inserted) return fail(inserted.error());
  }
  const auto ended = await_succeeded(**worker, clock, static_cast<std::int64_t>(params.life_tasks));
  if (!ended) return fail(ended.error());
  return static_cast<double>(params.life_tasks) / seconds(clock.steady_now() - begin);
}

/// Milliseconds from offer to start of each task, sorted.
Result<std::vector<double>> start_once(Clock& clock, const WorkerBenchParams& params,
                                       std::size_t repetition) {
  const Workplace workplace(params.directory, repetition);
  ProbeKind probe(clock);
  auto worker = LiveWorker::create(clock, {.directory = workplace.path(), .kinds = {&probe}});
  if (!worker) return fail(worker.error());
  Rng rng(repetition);
  UuidMaker ids(rng);
  std::vector<std::pair<Uuid, SteadyTime>> offered;
  SteadyTime next = clock.steady_now() + milliseconds(10);
  for (std::size_t number = 0; number < params.paced_tasks; ++number, next += milliseconds(1)) {
    clock.wait_until(next, {});
    const TaskRequest task = request(ids, clock.now(), "probe", number);
    offered.emplace_back(task.id, clock.steady_now());
    if (auto inserted = (*worker)->ledger().insert({&task, 1}); !inserted) {
      return fail(inserted.error());
    }
  }
  const auto ended =
      await_succeeded(**worker, clock, static_cast<std::int64_t>(params.paced_tasks));
  if (!ended) return fail(ended.error());
  auto started = probe.take_started();
  std::sort(started.begin(), started.end());  // version 7 ids: the order in which they were offered
  std::vector<double> waits;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    waits.push_back(1000 * seconds(started[i].second - offered[i].second));
  }
  std::sort(waits.begin(), waits.end());
  return waits;
}

}  // namespace

Result<Measurement> measure_life(Clock& clock, const WorkerBenchParams& params) {
  Measurement life{.name = "life_noop", .unit = "tasks/s", .note = "goal: 50,000"};
  for (std::size_t repetition = 0; repetition < params.repetitions; ++repetition) {
    const auto rate = life_once(clock, params, repetition);
    if (!rate) return fail(rate.error());
    life.samples.push_back(*rate);
  }
  return life;
}

Result<std::vector<Measurement>> measure_start(Clock& clock, const WorkerBenchParams& params) {
  Measurement p50{.name = "start_p50_ms", .unit = "ms", .note = "at 1,000/s offered; goal: 2"};
  Measurement p99{.name = "start_p99_ms", .unit = "ms", .note = "at 1,000/s offered; goal: 15"};
  for (std::size_t repetition = 0; repetition < params.repetitions; ++repetition) {
    const auto waits = start_once(clock, params, repetition);
    if (!waits) return fail(waits.error());
    p50.samples.push_back((*waits)[waits->size() / 2]);
    p99.samples.push_back((*waits)[waits->size() * 99 / 100]);
  }
  return std::vector{std::move(p50), std::move(p99)};
}

}  // namespace waybill::bench
