#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

enum class MetricType : std::uint8_t { gauge, counter };

/// One value of a metric. All samples of one name have its type and help.
struct MetricSample {
  std::string name;    ///< of a counter it ends in _total
  std::string labels;  ///< `{name="value"}`, as `labelled` escapes it, or empty
  double value = 0;
  MetricType type = MetricType::gauge;
  std::string help{};  ///< one line; empty: none is written
};

/// A counter without labels.
MetricSample counter_of(std::string name, std::uint64_t value, std::string help);

/// Prometheus' text exposition format 0.0.4: families by name, each with its type.
std::string metrics_text(std::span<const MetricSample> samples);

/// Where a Pushgateway takes the group of metrics of `job` with these two grouping labels:
/// `GATEWAY/metrics/job/JOB/locality/L/ingestor/I`. A value that is empty or has a slash is written
/// in base64, as the gateway's manual says; a gateway without a scheme is reached over http.
struct PushGroup {
  std::string_view gateway;
  std::string_view job;
  std::string_view locality;
  std::string_view ingestor;
};
std::string push_url(const PushGroup& group);

}  // namespace waybill
