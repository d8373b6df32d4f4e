#include "http/compat/task_mgmt_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "core/task_json.h"
#include "http/answer.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

std::string whole_seconds(Time time) {
  return format_time(std::chrono::floor<std::chrono::seconds>(time));
}

std::string label_of(const Task& task, std::string_view name) {
  const auto& labels = task.request.labels;
  const auto found = std::ranges::find(labels, name, [](const auto& label) { return label.first; });
  return found == labels.end() ? "" : found->second;
}

Time latest_time(const Task& task) {
  return std::max({task.created_at, task.status.started_at, task.status.finished_at});
}

}  // namespace

bj::object task_mgmt_task(const Task& task) {
  const TaskStatus& status = task.status;
  const std::string& definition = task.request.definition;
  bj::object object{{"id", to_string(task.id())},
                    {"created", whole_seconds(task.created_at)},
                    {"updated", whole_seconds(latest_time(task))},
                    {"title", json::text(label_of(task, kTitleLabel))},
                    {"userId", json::text(task.request.created_by)},
                    {"type", json::text(definition.empty() ? task.request.kind : definition)},
                    {"params", text_to_json(task.request.params)},
                    {"enqueued", whole_seconds(task.created_at)}};
  if (status.started_at != Time{}) object["started"] = whole_seconds(status.started_at);
  if (status.state == State::succeeded) object["succeeded"] = whole_seconds(status.finished_at);
  const bool ended_badly = status.state == State::failed || status.state == State::cancelled;
  if (ended_badly) {
    object["failed"] = whole_seconds(status.finished_at);
    const bool cancelled = status.state == State::cancelled;
    object["error"] = json::text(cancelled              ? "Task Cancelled"
                                 : status.error.empty() ? "failed"
                                                        : std::string_view(status.error));
  }
  return object;
}

Response data_envelope(bj::value data, std::string_view message) {
  bj::object meta{{"code", 200}};
  if (!message.empty()) meta["message"] = json::text(message);
  return json_response(bj::object{{"data", std::move(data)}, {"meta", std::move(meta)}});
}

Response page_envelope(bj::array data, const std::string& next_url) {
  return json_response(bj::object{{"data", std::move(data)},
                                  {"meta", {{"code", 200}}},
                                  {"pagination", {{"nextUrl", next_url}}}});
}

Response error_envelope(int status, std::string_view error) {
  return json_response(bj::object{{"meta", {{"code", status}, {"error", json::text(error)}}}},
                       status);
}

}  // namespace waybill::http
