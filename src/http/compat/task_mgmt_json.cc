#include "http/compat/task_mgmt_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <initializer_list>

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

double fraction(double part, double whole) { return std::clamp(part / whole, 0.0, 1.0); }

const bj::value* find(const bj::object& object, std::initializer_list<const char*> names,
                      bool (*fits)(const bj::value&)) {
  for (const char* name : names) {
    const bj::value* value = object.if_contains(name);
    if (value != nullptr && fits(*value)) return value;
  }
  return nullptr;
}

bool is_number(const bj::value& value) { return value.is_number(); }
bool is_text(const bj::value& value) { return value.is_string(); }
/// Its readers' language takes no fraction for an integer.
bool is_count(const bj::value& value) {
  return value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= INT32_MAX;
}

bj::object task_mgmt_progress(const Task& task, std::string_view said) {
  const auto parsed = json::parse(said);
  const bj::object report = parsed && parsed->is_object() ? parsed->get_object() : bj::object();
  bj::object progress{{"percent", 0.0}, {"step", 0},     {"steps", 0},
                      {"status", ""},   {"done", false}, {"dest", ""}};
  const bj::value* part = find(report, {"done"}, is_number);
  const bj::value* whole = find(report, {"of", "total"}, is_number);
  if (const auto* percent = find(report, {"percent"}, is_number)) {
    progress["percent"] = fraction(percent->to_number<double>(), 1);
  } else if (part != nullptr && whole != nullptr && whole->to_number<double>() > 0) {
    progress["percent"] = fraction(part->to_number<double>(), whole->to_number<double>());
  }
  if (const auto* step = find(report, {"step", "done"}, is_count)) progress["step"] = *step;
  if (const auto* steps = find(report, {"steps", "of", "total"}, is_count)) {
    progress["steps"] = *steps;
  }
  if (const auto* text = find(report, {"status", "message"}, is_text)) progress["status"] = *text;
  if (const auto* dest = find(report, {"dest"}, is_text)) progress["dest"] = *dest;
  const State state = task.status.state;
  if (state == State::succeeded) {
    progress["percent"] = 1.0;
    progress["done"] = true;
  }
  // Go's way with errors; the text is in the task's own.
  if (state == State::failed || state == State::cancelled) progress["error"] = bj::object();
  return progress;
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

ChannelMessage task_mgmt_message(const Task& task, std::string_view progress) {
  bj::object told = task_mgmt_task(task);
  told["progress"] = task_mgmt_progress(task, progress);
  return {.channel = "tasks." + to_string(task.id()), .body = json::serialize(told)};
}

Response data_envelope(bj::value data, std::string_view message) {
  bj::object meta{{"code", 200}};
  if (!message.empty()) meta["message"] = json::text(message);
  return json_response(bj::object{{"data", std::move(data)}, {"meta", std::move(meta)}});
}

Response page_envelope(bj::array data, const std::string& next_url) {
  return json_response(bj::object{{"data", std::move(data)},
                                  {"meta", {{"code", 200}}},
                                  {"pagination", {{"nextUrl", json::text(next_url)}}}});
}

Response error_envelope(int status, std::string_view error) {
  return json_response(bj::object{{"meta", {{"code", status}, {"error", json::text(error)}}}},
                       status);
}

}  // namespace waybill::http
