#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "ports/ledger.h"
#include "services/executor.h"

namespace waybill {

/// What running tasks have said and nobody has taken yet: the latest of each. Thread-safe.
class ReportBoard {
 public:
  /// Who takes the reports is told at most once in `tell_every`, and looks again after that.
  explicit ReportBoard(Duration tell_every) : tell_every_(tell_every) {}

  /// Puts up progress or a checkpoint, the other being empty. True: somebody should be told.
  bool put(const RunKey& key, std::string_view progress, std::string_view checkpoint,
           SteadyTime now);
  std::vector<Report> take();

 private:
  const Duration tell_every_;
  Mutex mutex_;
  SteadyTime next_told_ GUARDED_BY(mutex_){};
  std::unordered_map<RunKey, Report, RunKeyHash> reports_ GUARDED_BY(mutex_);
};

}  // namespace waybill
