#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench/report.h"
#include "ports/clock.h"

namespace waybill::bench {

struct LedgerBenchParams {
  std::string directory;  ///< on the disk that is to be measured; files in it are made anew
  int repetitions = 3;
  std::size_t tasks = 100'000;       ///< of one repetition
  std::size_t history = 10'000'000;  ///< finished tasks for history_10m_ratio and rss_10m_mb
  std::size_t live = 1'000'000;      ///< live tasks for reopen_1m_s
};

/// A workload on the SQLite ledger beside the same rows written bare.
struct LedgerBench {
  std::vector<std::string_view> figures;  ///< their names, e.g. "enqueue_1000"
  std::function<Result<std::vector<Measurement>>(const LedgerBenchParams&, Clock&)> run;
};

/// enqueue_1000, enqueue_64x1, enqueue_1x1, claim_complete_100, reopen_1m_s and, in one
/// run, history_10m_ratio with rss_10m_mb.
const std::vector<LedgerBench>& ledger_benches();

}  // namespace waybill::bench
