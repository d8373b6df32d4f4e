#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "core/metrics_text.h"
#include "http/server.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/registry.h"
#include "services/service.h"

namespace waybill {
struct MetricSample;
class RateLimiter;
class WrongTokens;
}  // namespace waybill

namespace waybill::http {

/// What GET /metrics tells, from memory: how many tasks there are, as last seen, and the requests.
/// Thread-safe; step() looks at the tasks again.
class ApiMetrics final : public Service {
 public:
  ApiMetrics(LedgerReader& reader, Registry& registry, Clock& clock);

  std::string_view name() const override { return "metrics"; }
  Result<Duration> step(const Deadline& deadline) override;

  /// What else is told, asked for each time; must not block. Before the first text().
  using More = std::function<void(std::vector<MetricSample>&)>;
  void also(More more) { more_.push_back(std::move(more)); }

  /// One request was answered. `operation` is one of the OpenAPI document's, or "none".
  void count(std::string_view operation, int status, Duration took);
  /// In Prometheus' text format 0.0.4.
  std::string text(const ServerCounts& server) const;
  /// Whether the ledger answered when it was looked at last.
  bool ledger_answers() const;

 private:
  /// Also of those that are configured and have no task yet: an autoscaler that finds no number
  /// takes it for a failure.
  Result<std::vector<QueueCounts>> counts_of_all_queues();

  struct Requests {
    std::uint64_t count = 0;
    Duration took{};
  };

  LedgerReader& reader_;
  Registry& registry_;
  Clock& clock_;
  std::vector<More> more_;  // never changed once text() is asked for
  mutable Mutex mutex_;
  std::map<std::pair<std::string, int>, Requests> requests_ GUARDED_BY(mutex_);
  std::vector<QueueCounts> tasks_ GUARDED_BY(mutex_);
  bool ledger_answers_ GUARDED_BY(mutex_) = false;
};

/// How many requests were answered 429, and why.
void add_sent_away(const RateLimiter& limits, const WrongTokens& wrong_tokens,
                   std::vector<MetricSample>& samples);

}  // namespace waybill::http
