#include "http/api/metrics.h"

#include <chrono>
#include <set>

#include "core/scan_plan.h"
#include "services/rate_limiter.h"
#include "services/wrong_tokens.h"

namespace waybill::http {
namespace {

constexpr Duration kEvery = std::chrono::seconds(5);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Two labels in one: the inner braces of the first are taken off.
std::string two_labels(std::string first, const std::string& second) {
  first.pop_back();
  return first + "," + second.substr(1);
}

/// A worker that has a task is wanted too, so leased ones count: an autoscaler that looked at ready
/// ones alone would take workers away while they work.
std::int64_t depth(const QueueCounts& queue) {
  return queue.by_state[static_cast<int>(State::ready)] +
         queue.by_state[static_cast<int>(State::leased)];
}

std::string label(std::string_view name, std::string_view value) {
  return labelled("", name, value);
}

void add_server(std::vector<MetricSample>& samples, const ServerCounts& server) {
  const auto gauge = [&](const char* name, std::size_t value, const char* help) {
    samples.push_back(
        {.name = name, .labels = {}, .value = static_cast<double>(value), .help = help});
  };
  gauge("waybill_http_connections", server.connections, "Connections that are open.");
  gauge("waybill_http_streams", server.streams, "Event streams that are open.");
  gauge("waybill_http_handlers_running", server.running, "Requests that are being handled.");
  gauge("waybill_http_requests_waiting", server.waiting, "Requests that wait for a handler.");
  gauge("waybill_http_claims_waiting", server.parked, "Claims that wait for a task.");
  samples.push_back({.name = "waybill_http_refused_total",
                     .labels = {},
                     .value = static_cast<double>(server.refused),
                     .type = MetricType::counter,
                     .help = "Requests that were refused before any handler saw them."});
  if (server.certificate_until == Time{}) return;
  samples.push_back({.name = "waybill_tls_certificate_not_after_seconds",
                     .labels = {},
                     .value = seconds(server.certificate_until.time_since_epoch()),
                     .help = "When the certificate that is shown ends, since 1970."});
}

}  // namespace

ApiMetrics::ApiMetrics(LedgerReader& reader, Registry& registry, Clock& clock)
    : reader_(reader), registry_(registry), clock_(clock) {}

Result<std::vector<QueueCounts>> ApiMetrics::counts_of_all_queues() {
  auto counts = reader_.counts();
  if (!counts) return counts;
  const auto configured = registry_.queues();
  if (!configured) return fail(configured.error());
  std::set<std::string> counted;
  for (const QueueCounts& queue : *counts) counted.insert(queue.queue);
  for (const QueueSettings& queue : *configured) {
    if (!counted.contains(queue.name)) counts->push_back({.queue = queue.name});
  }
  return counts;
}

Result<Duration> ApiMetrics::step(const Deadline&) {
  auto counts = counts_of_all_queues();
  const Lock lock(mutex_);
  ledger_answers_ = counts.has_value();
  if (!counts) return fail(counts.error());
  tasks_ = std::move(*counts);
  return kEvery;
}

void ApiMetrics::count(std::string_view operation, int status, Duration took) {
  const Lock lock(mutex_);
  Requests& requests = requests_[{std::string(operation), status}];
  ++requests.count;
  requests.took += took;
}

bool ApiMetrics::ledger_answers() const {
  const Lock lock(mutex_);
  return ledger_answers_;
}

std::string ApiMetrics::text(const ServerCounts& server) const {
  std::vector<MetricSample> samples;
  add_server(samples, server);
  for (const More& more : more_) more(samples);
  {
    const Lock lock(mutex_);
    samples.push_back({.name = "waybill_ledger_up",
                       .labels = {},
                       .value = ledger_answers_ ? 1.0 : 0.0,
                       .help = "1 if the ledger answered when it was last asked, as it is every "
                               "5 s; else 0."});
    for (const QueueCounts& queue : tasks_) {
      for (int state = 0; state < kStateCount; ++state) {
        samples.push_back(
            {.name = "waybill_tasks",
             .labels = two_labels(label("queue", queue.queue),
                                  label("state", to_string(static_cast<State>(state)))),
             .value = static_cast<double>(queue.by_state[state]),
             .help = "Tasks that the ledger has, by queue and state."});
      }
      samples.push_back({.name = "waybill_queue_depth",
                         .labels = label("queue", queue.queue),
                         .value = static_cast<double>(depth(queue)),
                         .help = "Tasks that are ready or leased: as many slots are wanted."});
    }
    for (const auto& [what, requests] : requests_) {
      const std::string labels =
          two_labels(label("operation", what.first), label("status", std::to_string(what.second)));
      samples.push_back({.name = "waybill_http_requests_total",
                         .labels = labels,
                         .value = static_cast<double>(requests.count),
                         .type = MetricType::counter,
                         .help = "Requests that were answered."});
      samples.push_back({.name = "waybill_http_request_seconds_total",
                         .labels = labels,
                         .value = seconds(requests.took),
                         .type = MetricType::counter,
                         .help = "Time from the whole request to its answer, waiting included."});
    }
  }
  return metrics_text(samples);
}

void add_sent_away(const RateLimiter& limits, const WrongTokens& wrong_tokens,
                   std::vector<MetricSample>& samples) {
  const auto add = [&](std::string_view why, std::uint64_t count) {
    samples.push_back({.name = "waybill_http_sent_away_total",
                       .labels = label("why", why),
                       .value = static_cast<double>(count),
                       .type = MetricType::counter,
                       .help = "Requests that were answered 429, of gRPC too."});
  };
  add("rate_limit", limits.refused());
  add("wrong_tokens", wrong_tokens.refused());
}

}  // namespace waybill::http
