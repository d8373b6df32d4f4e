#include "adapters/remote/task_wire.h"

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Text, empty for null.
std::string text(const bj::object& object, const char* name) {
  const bj::value& value = object.at(name);
  return value.is_null() ? std::string() : std::string(value.as_string());
}

/// Null is a time that is not set.
Time time(const bj::object& object, const char* name) {
  const std::string value = text(object, name);
  return value.empty() ? Time{} : parse_time(value).value();
}

Duration duration(const bj::object& object, const char* name) {
  const std::string value = text(object, name);
  return value.empty() ? Duration::zero() : parse_duration(value).value();
}

template <class T>
T number(const bj::object& object, const char* name) {
  return object.at(name).to_number<T>();
}

/// JSON text, empty for null.
std::string json_text(const bj::object& object, const char* name) {
  const bj::value& value = object.at(name);
  return value.is_null() ? std::string() : json::serialize(value);
}

RetryPolicy retry_from(const bj::object& retry) {
  RetryPolicy policy;
  policy.failures_max = number<std::uint32_t>(retry, "failures");
  policy.worker_deaths_max = number<std::uint32_t>(retry, "worker_deaths");
  policy.backoff_first = duration(retry, "backoff");
  policy.backoff_max = duration(retry, "backoff_max");
  policy.backoff_factor = number<double>(retry, "backoff_factor");
  policy.jitter = number<double>(retry, "jitter");
  return policy;
}

TaskRequest request_from(const bj::object& object) {
  TaskRequest request;
  request.id = parse_uuid(text(object, "id")).value();
  request.queue = text(object, "queue");
  request.kind = text(object, "kind");
  request.definition = text(object, "definition");
  request.spec = json_text(object, "spec");
  request.params = json_text(object, "params");
  request.priority = number<int>(object, "priority");
  request.run_time_max = duration(object, "timeout");
  request.retry = retry_from(object.at("retry").as_object());
  request.dedup_key = text(object, "dedup_key");
  request.created_by = text(object, "created_by");
  for (const auto& label : object.at("labels").as_object()) {
    request.labels.emplace_back(std::string(label.key()), std::string(label.value().as_string()));
  }
  return request;
}

TaskStatus status_from(const bj::object& object) {
  TaskStatus status;
  status.state = parse_state(text(object, "state")).value();
  status.fence = number<std::uint64_t>(object, "fence");
  status.attempt = number<std::uint32_t>(object, "attempt");
  status.failures = number<std::uint32_t>(object, "failures");
  status.worker_deaths = number<std::uint32_t>(object, "worker_deaths");
  status.run_at = time(object, "run_at");
  status.lease_until = time(object, "lease_until");
  status.started_at = time(object, "started_at");
  status.finished_at = time(object, "finished_at");
  status.worker = text(object, "worker");
  status.error = text(object, "error");
  if (const bj::value& cancel = object.at("cancel"); !cancel.is_null()) {
    const bj::object& asked = cancel.as_object();
    status.cancel = {.requested_at = time(asked, "requested_at"),
                     .by = text(asked, "by"),
                     .reason = text(asked, "reason")};
  }
  return status;
}

}  // namespace

Task task_from_json(const bj::value& value) {
  const bj::object& object = value.as_object();
  Task task;
  task.request = request_from(object);
  task.status = status_from(object);
  task.created_at = time(object, "created_at");
  return task;
}

}  // namespace waybill
