#include "services/publish_metrics.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace waybill {
namespace {

constexpr std::string_view kTheirs = "workflow_manager_";
constexpr std::string_view kOurs = "waybill_";
constexpr std::array<std::string_view, 11> kTheirNames = {"ingestions_found",
                                                          "incomplete_ingestions_found",
                                                          "intake_tasks_scheduled",
                                                          "intake_tasks_skipped_due_to_marker",
                                                          "aggregate_ingestions_found",
                                                          "aggregate_incomplete_ingestions_found",
                                                          "peer_validations_found",
                                                          "incomplete_peer_validations_found",
                                                          "aggregation_tasks_scheduled",
                                                          "aggregation_tasks_skipped_due_to_marker",
                                                          "number_of_batches_in_aggregation"};
constexpr Duration kPushPatience = std::chrono::seconds(10);

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

/// A count is keyed `name` or `name{label="value"}`.
MetricSample sample_of(const std::string& key, std::int64_t count) {
  const std::size_t brace = key.find('{');
  const std::string name = key.substr(0, brace);
  const bool theirs = std::find(kTheirNames.begin(), kTheirNames.end(), name) != kTheirNames.end();
  return {.name = std::string(theirs ? kTheirs : kOurs) + name,
          .labels = brace == std::string::npos ? "" : key.substr(brace),
          .value = static_cast<double>(count)};
}

void add_tally(std::vector<MetricSample>& samples, const PublishReport& report) {
  const PublishTally& tally = report.tally;
  const auto add = [&](std::string_view name, std::string labels, std::int64_t value) {
    samples.push_back(
        {std::string(kOurs) + std::string(name), std::move(labels), static_cast<double>(value)});
  };
  const auto operation = [](std::string_view name) { return labelled("", "operation", name); };
  add("api_calls", operation("list"), tally.list_calls);
  add("api_calls", operation("publish"), tally.publish_calls);
  add("api_calls", operation("mark"), tally.marker_calls);
  add("api_calls", operation("look"), tally.look_calls);
  add("api_calls", operation("lock"), tally.lock_calls);
  add("objects_listed", "", tally.objects_listed);
  add("bytes_published", "", tally.bytes_published);
  add("tasks_published", "", tally.published);
  add("tasks_failed", "", tally.publish_failed);
  add("tasks_left", "", tally.left);
  add("markers_failed", "", tally.marker_failed);
  add("listings_failed", "", static_cast<std::int64_t>(report.list_errors.size()));
  add("duplicates_avoided", "", tally.duplicates_avoided);
  for (int phase = 0; phase < kPublishPhaseCount; ++phase) {
    samples.push_back({std::string(kOurs) + "phase_seconds",
                       labelled("", "phase", to_string(static_cast<PublishPhase>(phase))),
                       seconds(report.took[phase])});
  }
}

}  // namespace

std::vector<MetricSample> publish_metrics(const std::optional<PublishReport>& report,
                                          const RunEnd& end) {
  std::vector<MetricSample> samples;
  if (report) {
    for (const auto& [key, count] : report->counts) samples.push_back(sample_of(key, count));
    add_tally(samples, *report);
  }
  const double at = seconds(end.at.time_since_epoch());
  if (end.verdict == RunEnd::Verdict::failure) {
    samples.push_back({std::string(kTheirs) + "last_failure_seconds", "", at});
    return samples;
  }
  samples.push_back({std::string(kTheirs) + "last_success_seconds", "", at});
  samples.push_back({std::string(kTheirs) + "runtime_seconds", "", seconds(end.runtime)});
  return samples;
}

Status push_metrics(HttpClient& http, Clock& clock, const prio::PushTarget& target,
                    std::vector<MetricSample> samples, RunEnd::Verdict verdict) {
  const HttpRequest request{.method = verdict == RunEnd::Verdict::success ? "PUT" : "POST",
                            .url = push_url({.gateway = target.gateway,
                                             .job = "workflow-manager",
                                             .locality = target.locality,
                                             .ingestor = target.ingestor}),
                            .headers = {{"Content-Type", "text/plain; version=0.0.4"}},
                            .body = metrics_text(samples)};
  const auto answer = http.send(request, {.at = clock.steady_now() + kPushPatience});
  if (!answer) return fail(with_context(answer.error(), "pushing metrics to " + target.gateway));
  if (answer->status >= 200 && answer->status < 300) return {};
  return fail(Code::unavailable, "pushing metrics to " + target.gateway + ": answered status " +
                                     std::to_string(answer->status) + ": " +
                                     answer->body.substr(0, 200));
}

}  // namespace waybill
