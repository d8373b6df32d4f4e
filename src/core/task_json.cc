#include "core/task_json.h"

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "core/notify.h"

namespace waybill {
namespace bj = boost::json;
namespace {

bj::object labels_to_json(const Labels& labels) {
  bj::object object;
  for (const auto& [name, value] : labels) object[name] = value;
  return object;
}

bj::value cancel_to_json(const CancelRequest& cancel) {
  if (!cancel.requested()) return nullptr;
  return bj::object{{"requested_at", time_to_json(cancel.requested_at)},
                    {"by", json::text(cancel.by)},
                    {"reason", json::text(cancel.reason)}};
}

}  // namespace

bj::object artifact_to_json(const Artifact& artifact) {
  return {{"name", artifact.name},
          {"sha256", artifact.sha256},
          {"size_bytes", artifact.size_bytes},
          {"media_type", artifact.media_type},
          {"created_at", time_to_json(artifact.created_at)}};
}

bj::object retry_to_json(const RetryPolicy& policy) {
  return {{"failures", policy.failures_max},
          {"worker_deaths", policy.worker_deaths_max},
          {"backoff", format_duration(policy.backoff_first)},
          {"backoff_max", format_duration(policy.backoff_max)},
          {"backoff_factor", policy.backoff_factor},
          {"jitter", policy.jitter}};
}

bj::value time_to_json(Time time) {
  return time == Time{} ? bj::value(nullptr) : bj::value(format_time(time));
}

bj::value text_to_json(std::string_view text) {
  if (text.empty()) return nullptr;
  auto value = json::parse(text);
  return value ? std::move(*value) : bj::value(json::text(text));
}

bj::object task_to_json(const Task& task) {
  const TaskRequest& request = task.request;
  const TaskStatus& status = task.status;
  bj::array waits_for;
  for (const Uuid& id : request.waits_for) waits_for.emplace_back(to_string(id));
  return {{"id", to_string(request.id)},
          {"state", json::text(to_string(status.state))},
          {"queue", request.queue},
          {"kind", request.kind},
          {"definition", json::text_or_null(request.definition)},
          {"priority", request.priority},
          {"created_at", time_to_json(task.created_at)},
          {"created_by", json::text_or_null(request.created_by)},
          {"run_at", time_to_json(status.run_at)},
          {"started_at", time_to_json(status.started_at)},
          {"finished_at", time_to_json(status.finished_at)},
          {"lease_until", time_to_json(status.lease_until)},
          {"worker", json::text_or_null(status.worker)},
          {"attempt", status.attempt},
          {"fence", status.fence},
          {"failures", status.failures},
          {"worker_deaths", status.worker_deaths},
          {"waiting_for", status.waiting_for},
          {"waits_for", std::move(waits_for)},
          {"timeout", request.run_time_max == Duration::zero()
                          ? bj::value(nullptr)
                          : bj::value(format_duration(request.run_time_max))},
          {"retry", retry_to_json(request.retry)},
          {"dedup_key", json::text_or_null(request.dedup_key)},
          {"dedup_scope", request.dedup_scope == DedupScope::forever ? "forever" : "live"},
          {"labels", labels_to_json(request.labels)},
          {"spec", text_to_json(request.spec)},
          {"params", text_to_json(request.params)},
          {"result", text_to_json(status.result)},
          {"error", json::text_or_null(status.error)},
          {"cancel", cancel_to_json(status.cancel)},
          {"notify", notify_to_json(request.notify)}};
}

bj::object history_to_json(const HistoryEntry& entry) {
  return {{"at", time_to_json(entry.at)},
          {"happening", json::text(to_string(entry.happening))},
          {"state", json::text(to_string(entry.state))},
          {"fence", entry.fence},
          {"attempt", entry.attempt},
          {"worker", json::text_or_null(entry.worker)},
          {"reason", json::text_or_null(entry.reason)}};
}

bj::object why_to_json(const WhyParams& params, const std::vector<WhyCondition>& conditions) {
  bj::array array;
  for (const WhyCondition& condition : conditions) {
    array.push_back(bj::object{
        {"reason", json::text(to_string(condition.reason))},
        {"sentence", condition.sentence},
        {"earliest", condition.earliest ? time_to_json(*condition.earliest) : bj::value(nullptr)},
        {"advice", json::text_or_null(condition.advice)}});
  }
  return {{"id", to_string(params.task.id())},
          {"state", json::text(to_string(params.task.status.state))},
          {"now", time_to_json(params.now)},
          {"ahead", params.ahead},
          {"conditions", std::move(array)}};
}

}  // namespace waybill
