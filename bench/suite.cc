#include "bench/suite.h"

#include <utility>

#include "bench/command_bench.h"
#include "bench/ledger_bench.h"
#include "bench/plan_workload.h"
#include "bench/worker_bench.h"
#include "ports/clock.h"

namespace waybill::bench {
namespace {

using Figures = Result<std::vector<Measurement>>;

Figures one(Result<Measurement> measured) {
  if (!measured) return fail(measured.error());
  return std::vector{std::move(*measured)};
}

LedgerBenchParams ledger_params(const SuiteParams& params) {
  LedgerBenchParams made{.directory = params.directory,
                         .repetitions = static_cast<int>(params.repetitions)};
  if (params.size == SuiteSize::quick) {
    made.tasks = 5'000;
    made.history = 20'000;
    made.live = 20'000;
  }
  return made;
}

WorkerBenchParams worker_params(const SuiteParams& params) {
  WorkerBenchParams made{.directory = params.directory, .repetitions = params.repetitions};
  if (params.size == SuiteSize::quick) {
    made.life_tasks = 5'000;
    made.paced_tasks = 200;
  }
  return made;
}

Figures plan_million(Clock& /*clock*/, const SuiteParams& params) {
  const PlanWorkload workload(params.size == SuiteSize::quick ? 10'000 : 1'000'000);
  Measurement seconds{.name = "plan_1m_s", .unit = "s", .note = "keys shuffled; goal: 2"};
  for (std::size_t repetition = 0; repetition < params.repetitions; ++repetition) {
    seconds.samples.push_back(measure_plan(workload, KeyOrder::shuffled).seconds);
  }
  return std::vector{std::move(seconds)};
}

Figures commands(Clock& clock, const SuiteParams& params) {
  return one(measure_command(clock, {.directory = params.directory,
                                     .repetitions = params.repetitions,
                                     .rounds = params.size == SuiteSize::quick ? 2u : 20u}));
}

}  // namespace

std::vector<SuiteEntry> embedded_suite() {
  std::vector<SuiteEntry> suite;
  for (const LedgerBench& bench : ledger_benches()) {
    suite.push_back({.figures = bench.figures, .run = [&bench](Clock& clock, const SuiteParams& p) {
                       return bench.run(ledger_params(p), clock);
                     }});
  }
  suite.push_back({.figures = {"life_noop"}, .run = [](Clock& clock, const SuiteParams& p) {
                     return one(measure_life(clock, worker_params(p)));
                   }});
  suite.push_back(
      {.figures = {"start_p50_ms", "start_p99_ms"}, .run = [](Clock& clock, const SuiteParams& p) {
         return measure_start(clock, worker_params(p));
       }});
  suite.push_back({.figures = {"command_overhead_ms"}, .run = commands});
  suite.push_back({.figures = {"plan_1m_s"}, .run = plan_million});
  return suite;
}

}  // namespace waybill::bench
