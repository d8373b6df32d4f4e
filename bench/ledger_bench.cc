#include "bench/ledger_bench.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "adapters/sqlite/sqlite_ledger.h"
#include "base/check.h"
#include "base/rng.h"
#include "bench/bare_ledger.h"
#include "bench/history_fill.h"

namespace waybill::bench {
namespace {

constexpr const char* kWorker = "host-12345-0123456789ab";

/// A workload's surroundings: tasks to make, a file to make them in, a clock to time them with.
class Bench {
 public:
  Bench(const LedgerBenchParams& params, Clock& clock)
      : params_(params), clock_(clock), rng_(1), ids_(rng_) {}

  const LedgerBenchParams& params() const { return params_; }
  Clock& clock() { return clock_; }

  std::vector<TaskRequest> requests(std::size_t count) {
    std::vector<TaskRequest> made(count);
    for (TaskRequest& request : made) {
      request.id = ids_.next(clock_.now());
      request.kind = "noop";
      request.definition = "noop";
      request.created_by = "bench";
      request.params = R"({"url":"https://example.org/)" + std::string(260, 'x') + R"(","n":)" +
                       std::to_string(rng_.below(1'000'000'000)) + "}";
    }
    return made;
  }

  std::string fresh_file(std::string_view name) const {
    const std::string path = params_.directory + "/" + std::string(name) + ".db";
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    return path;
  }

  std::unique_ptr<SqliteLedger> open(const std::string& path) {
    auto made = SqliteLedger::create(path, clock_);
    WAYBILL_CHECK(made.has_value(), made.error().message.c_str());
    return std::move(*made);
  }

  template <class Work>
  double seconds(Work work) {
    const SteadyTime begin = clock_.steady_now();
    work();
    return std::chrono::duration<double>(clock_.steady_now() - begin).count();
  }

 private:
  const LedgerBenchParams& params_;
  Clock& clock_;
  Rng rng_;
  UuidMaker ids_;
};

template <class Answer>
Answer must(Result<Answer> result) {
  WAYBILL_CHECK(result.has_value(), result.error().message.c_str());
  return std::move(*result);
}

std::span<const TaskRequest> part(const std::vector<TaskRequest>& all, std::size_t at,
                                  std::size_t size) {
  return std::span(all).subspan(at, std::min(size, all.size() - at));
}

/// Inserts all requests in calls of `batch`.
void enqueue(Ledger& ledger, const std::vector<TaskRequest>& all, std::size_t batch) {
  for (std::size_t at = 0; at < all.size(); at += batch) {
    must(ledger.insert(part(all, at, batch)));
  }
}
void enqueue_bare(BareLedger& ledger, const std::vector<TaskRequest>& all, std::size_t batch) {
  for (std::size_t at = 0; at < all.size(); at += batch) ledger.insert(part(all, at, batch));
}

/// Claims up to `batch` tasks and completes them. Gives how many.
std::size_t work_off(Ledger& ledger, std::size_t batch) {
  const auto tasks = must(ledger.claim({.queues = {"default"}, .worker = kWorker, .limit = batch}));
  std::vector<Change> changes;
  changes.reserve(tasks.size());
  for (const Task& task : tasks) {
    changes.push_back(
        must(transition(task, event::Succeed{.fence = task.status.fence}, {.now = ledger.now()})));
  }
  for (const Status& answer : must(ledger.apply(changes))) {
    WAYBILL_CHECK(answer.has_value(), "a leased task can succeed");
  }
  return tasks.size();
}

using Measurements = Result<std::vector<Measurement>>;

struct EnqueueShape {
  std::string name;
  std::size_t tasks = 0;
  std::size_t batch = 1;  // of a call, and of a transaction of the floor
  std::string peer;
};

Measurements measure_enqueue(const LedgerBenchParams& params, Clock& clock,
                             const EnqueueShape& shape) {
  Bench bench(params, clock);
  Measurement figure{.name = shape.name, .unit = "tasks/s", .peer = shape.peer};
  for (int i = 0; i < params.repetitions; ++i) {
    const auto requests = bench.requests(shape.tasks);
    const auto rate = [&](double seconds) { return static_cast<double>(shape.tasks) / seconds; };
    BareLedger bare(bench.fresh_file("bare"));
    figure.floor.push_back(rate(bench.seconds([&] { enqueue_bare(bare, requests, shape.batch); })));
    const auto ledger = bench.open(bench.fresh_file("ledger"));
    figure.samples.push_back(
        rate(bench.seconds([&] { enqueue(ledger->ledger(), requests, shape.batch); })));
  }
  return std::vector{figure};
}

Measurements enqueue_1000(const LedgerBenchParams& params, Clock& clock) {
  return measure_enqueue(params, clock,
                         {.name = "enqueue_1000",
                          .tasks = params.tasks,
                          .batch = 1000,
                          .peer = "bare sqlite3, 1,000 rows a transaction"});
}

Measurements enqueue_1x1(const LedgerBenchParams& params, Clock& clock) {
  return measure_enqueue(params, clock,
                         {.name = "enqueue_1x1",
                          .tasks = std::max<std::size_t>(params.tasks / 50, 1),
                          .peer = "bare sqlite3, 1 row a transaction"});
}

Measurements enqueue_64x1(const LedgerBenchParams& params, Clock& clock) {
  constexpr std::size_t kThreads = 64;
  Bench bench(params, clock);
  Measurement figure{.name = "enqueue_64x1",
                     .unit = "tasks/s",
                     .peer = "bare sqlite3, one thread, 64 rows a transaction"};
  const std::size_t each = std::max<std::size_t>(params.tasks / kThreads / 2, 1);
  for (int i = 0; i < params.repetitions; ++i) {
    const auto requests = bench.requests(each * kThreads);
    const auto rate = [&](double seconds) {
      return static_cast<double>(requests.size()) / seconds;
    };
    BareLedger bare(bench.fresh_file("bare"));
    figure.floor.push_back(rate(bench.seconds([&] { enqueue_bare(bare, requests, kThreads); })));
    const auto ledger = bench.open(bench.fresh_file("ledger"));
    figure.samples.push_back(rate(bench.seconds([&] {
      std::vector<std::jthread> threads;
      for (std::size_t thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
          for (std::size_t k = 0; k < each; ++k) {
            must(ledger->ledger().insert(part(requests, thread * each + k, 1)));
          }
        });
      }
    })));
  }
  return std::vector{figure};
}

Measurements claim_complete_100(const LedgerBenchParams& params, Clock& clock) {
  constexpr std::size_t kBatch = 100;
  Bench bench(params, clock);
  Measurement figure{.name = "claim_complete_100",
                     .unit = "tasks/s",
                     .peer = "bare sqlite3, 100 rows a transaction, claim and complete"};
  for (int i = 0; i < params.repetitions; ++i) {
    const auto requests = bench.requests(params.tasks);
    const auto rate = [&](double seconds) { return static_cast<double>(params.tasks) / seconds; };
    BareLedger bare(bench.fresh_file("bare"));
    enqueue_bare(bare, requests, 1000);
    figure.floor.push_back(rate(bench.seconds([&] {
      for (auto handles = bare.claim(kBatch); !handles.empty(); handles = bare.claim(kBatch)) {
        bare.complete(handles);
      }
    })));
    const auto ledger = bench.open(bench.fresh_file("ledger"));
    enqueue(ledger->ledger(), requests, 1000);
    figure.samples.push_back(rate(bench.seconds([&] {
      while (work_off(ledger->ledger(), kBatch) > 0) continue;
    })));
  }
  return std::vector{figure};
}

Measurements reopen_1m(const LedgerBenchParams& params, Clock& clock) {
  Bench bench(params, clock);
  const std::string path = bench.fresh_file("ledger");
  {
    const auto ledger = bench.open(path);
    for (std::size_t made = 0; made < params.live; made += 10'000) {
      enqueue(ledger->ledger(), bench.requests(10'000), 1000);
    }
  }
  Measurement figure{.name = "reopen_1m_s", .unit = "s", .note = "open and claim the first task"};
  for (int i = 0; i < params.repetitions; ++i) {
    figure.samples.push_back(bench.seconds([&] {
      const auto ledger = bench.open(path);
      WAYBILL_CHECK(work_off(ledger->ledger(), 1) == 1, "there is a live task");
    }));
  }
  return std::vector{figure};
}

double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * 4096 / 1e6;
}

/// Enqueues in thousands, claims and completes in hundreds; tasks a second.
double mixed_rate(Bench& bench, Ledger& ledger) {
  constexpr std::size_t kTasks = 20'000;
  const auto requests = bench.requests(kTasks);
  const double seconds = bench.seconds([&] {
    enqueue(ledger, requests, 1000);
    while (work_off(ledger, 100) > 0) continue;
  });
  return static_cast<double>(kTasks) / seconds;
}

Measurements history_10m(const LedgerBenchParams& params, Clock& clock) {
  Bench bench(params, clock);
  const auto empty = bench.open(bench.fresh_file("empty"));
  const std::string path = bench.fresh_file("history");
  (void)bench.open(path);
  if (Status filled = fill_history(path, params.history); !filled) return fail(filled.error());
  const auto full = bench.open(path);
  mixed_rate(bench, full->ledger());  // not counted: warms both
  mixed_rate(bench, empty->ledger());
  Measurement ratio{.name = "history_10m_ratio",
                    .unit = "ratio",
                    .note = std::to_string(params.history) +
                            " finished tasks kept; rate of enqueue, claim and complete with them "
                            "over the rate without"};
  for (int i = 0; i < params.repetitions * 3; ++i) {
    const double with = mixed_rate(bench, full->ledger());
    ratio.samples.push_back(with / mixed_rate(bench, empty->ledger()));
  }
  Measurement memory{.name = "rss_10m_mb", .unit = "MB", .samples = {resident_megabytes()}};
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  return std::vector{ratio, memory};
}

}  // namespace

const std::vector<LedgerBench>& ledger_benches() {
  static const std::vector<LedgerBench> all = {
      {{"enqueue_1000"}, enqueue_1000}, {{"enqueue_64x1"}, enqueue_64x1},
      {{"enqueue_1x1"}, enqueue_1x1},   {{"claim_complete_100"}, claim_complete_100},
      {{"reopen_1m_s"}, reopen_1m},     {{"history_10m_ratio", "rss_10m_mb"}, history_10m}};
  return all;
}

}  // namespace waybill::bench
