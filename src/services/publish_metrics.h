#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/metrics_text.h"
#include "core/prio/workflow_flags.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "services/publish_report.h"

namespace waybill {

/// How a run of workflow-manager ended.
struct RunEnd {
  enum class Verdict { success, failure } verdict = Verdict::success;
  Time at{};
  Duration runtime{};
};

/// workflow-manager's series under its names, and ours, which begin with `waybill_`. Without a
/// report only how the run ended.
std::vector<MetricSample> publish_metrics(const std::optional<PublishReport>& report,
                                          const RunEnd& end);

/// Sends them. A success replaces the group (PUT); a failure adds to it (POST), so that the time of
/// the last success stays for alerts to look at. Waits no longer than 10 s.
Status push_metrics(HttpClient& http, Clock& clock, const prio::PushTarget& target,
                    std::vector<MetricSample> samples, RunEnd::Verdict verdict);

}  // namespace waybill
