#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "http/server.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "services/service.h"

namespace waybill::http {

/// What GET /metrics tells, from memory: how many tasks there are, as last seen, and the requests.
/// Thread-safe; step() looks at the tasks again.
class ApiMetrics final : public Service {
 public:
  ApiMetrics(LedgerReader& reader, Clock& clock);

  std::string_view name() const override { return "metrics"; }
  Result<Duration> step(const Deadline& deadline) override;

  /// One request was answered. `operation` is one of the OpenAPI document's, or "none".
  void count(std::string_view operation, int status, Duration took);
  /// In Prometheus' text format 0.0.4.
  std::string text(const ServerCounts& server) const;
  /// Whether the ledger answered when it was looked at last.
  bool ledger_answers() const;

 private:
  struct Requests {
    std::uint64_t count = 0;
    Duration took{};
  };

  LedgerReader& reader_;
  Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::pair<std::string, int>, Requests> requests_ GUARDED_BY(mutex_);
  std::vector<QueueCounts> tasks_ GUARDED_BY(mutex_);
  bool ledger_answers_ GUARDED_BY(mutex_) = false;
};

}  // namespace waybill::http
