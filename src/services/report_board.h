#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "ports/ledger.h"
#include "services/executor.h"

namespace waybill {

/// What running tasks have said and nobody has taken yet: the latest of each. Thread-safe.
class ReportBoard {
 public:
  /// Puts up progress or a checkpoint, the other being empty. True when the board was empty before:
  /// somebody should be told.
  bool put(const RunKey& key, std::string_view progress, std::string_view checkpoint);
  std::vector<Report> take();

 private:
  Mutex mutex_;
  std::unordered_map<RunKey, Report, RunKeyHash> reports_ GUARDED_BY(mutex_);
};

}  // namespace waybill
