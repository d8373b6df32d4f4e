#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "core/metrics_text.h"
#include "services/service.h"

namespace waybill::cli {

/// What the machine says of this process and of its data directory, looked at every few seconds, so
/// that telling it takes memory alone: a file system that hangs holds up no GET /metrics.
/// Names of process metrics are those that Prometheus' client libraries have. Thread-safe.
class ProcessMetrics final : public Service {
 public:
  /// `data`: the directory whose file system is measured.
  explicit ProcessMetrics(std::string data);

  std::string_view name() const override { return "process_metrics"; }
  /// `unavailable` if nothing could be read; what was read before stays.
  Result<Duration> step(const Deadline& deadline) override;
  void add(std::vector<MetricSample>& samples) const;

 private:
  struct Reading {
    double cpu_seconds = 0;
    std::int64_t resident_bytes = 0;
    double started_at = 0;  ///< seconds since 1970
    std::int64_t open_files = 0;
    std::int64_t open_files_max = 0;
    std::int64_t data_free_bytes = 0;  ///< for who is not root
    std::int64_t data_size_bytes = 0;
  };
  static Result<Reading> read(const std::string& data);

  const std::string data_;
  mutable Mutex mutex_;
  bool is_read_ GUARDED_BY(mutex_) = false;
  Reading last_ GUARDED_BY(mutex_);
};

}  // namespace waybill::cli
