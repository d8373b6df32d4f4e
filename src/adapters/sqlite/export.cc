#include "adapters/sqlite/export.h"

#include <boost/json.hpp>
#include <unordered_map>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/load.h"
#include "base/json.h"
#include "core/history.h"

namespace waybill::sqlite {
namespace {

namespace bj = boost::json;

void put_time(bj::object& object, std::string_view name, Time time) {
  if (time != Time{}) object[name] = format_time(time);
}
void put_text(bj::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

/// What should be JSON as JSON, and as text if it is not.
void put_json(bj::object& object, std::string_view name, const std::string& text) {
  if (text.empty()) return;
  const auto parsed = json::parse(text);
  object[name] = parsed ? *parsed : bj::value(text);
}

bj::object request_of(const Task& task) {
  const TaskRequest& request = task.request;
  bj::object object{
      {"id", to_string(request.id)}, {"queue", request.queue}, {"kind", request.kind}};
  put_text(object, "definition", request.definition);
  put_json(object, "spec", request.spec);
  put_json(object, "params", request.params);
  object["priority"] = request.priority;
  put_time(object, "not_before", request.run_at);
  object["run_time_max"] = format_duration(request.run_time_max);
  const RetryPolicy& retry = request.retry;
  object["retry"] = bj::object{{"failures_max", retry.failures_max},
                               {"worker_deaths_max", retry.worker_deaths_max},
                               {"backoff_first", format_duration(retry.backoff_first)},
                               {"backoff_max", format_duration(retry.backoff_max)},
                               {"backoff_factor", retry.backoff_factor},
                               {"jitter", retry.jitter}};
  put_text(object, "dedup_key", request.dedup_key);
  if (!request.dedup_key.empty()) {
    object["dedup_scope"] = request.dedup_scope == DedupScope::live ? "live" : "forever";
  }
  bj::array waits_for;
  for (const Uuid& id : request.waits_for) waits_for.emplace_back(to_string(id));
  object["waits_for"] = std::move(waits_for);
  bj::object labels;
  for (const auto& [name, value] : request.labels) labels[name] = value;
  object["labels"] = std::move(labels);
  put_text(object, "created_by", request.created_by);
  put_time(object, "created_at", task.created_at);
  return object;
}

void add_status(bj::object& object, const TaskStatus& status) {
  object["state"] = to_string(status.state);
  object["revision"] = status.revision;
  object["fence"] = status.fence;
  object["attempt"] = status.attempt;
  object["failures"] = status.failures;
  object["worker_deaths"] = status.worker_deaths;
  object["waiting_for"] = status.waiting_for;
  put_time(object, "run_at", status.run_at);
  put_time(object, "lease_until", status.lease_until);
  put_text(object, "worker", status.worker);
  put_time(object, "started_at", status.started_at);
  put_time(object, "finished_at", status.finished_at);
  if (status.cancel.requested()) {
    object["cancel"] = bj::object{{"requested_at", format_time(status.cancel.requested_at)},
                                  {"by", status.cancel.by},
                                  {"reason", status.cancel.reason}};
  }
  put_text(object, "error", status.error);
  put_json(object, "result", status.result);
}

Result<bj::array> history_of(std::string_view bytes) {
  const auto entries = read_history(bytes);
  if (!entries) return fail(entries.error());
  bj::array array;
  for (const HistoryEntry& entry : *entries) {
    bj::object object{{"at", format_time(entry.at)},
                      {"happening", to_string(entry.happening)},
                      {"state", to_string(entry.state)},
                      {"fence", entry.fence},
                      {"attempt", entry.attempt}};
    put_text(object, "worker", entry.worker);
    put_text(object, "reason", entry.reason);
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace

Status export_ledger(Database& database, const std::function<Status(std::string_view line)>& sink) {
  const Rollback end(database);
  if (Status begun = database.execute("BEGIN"); !begun) return begun;
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  std::unordered_map<std::int64_t, const Lane*> by_number;
  for (const Lane& lane : *lanes) by_number[lane.lane] = &lane;
  const auto query = database.statement(Sql::export_tasks);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    auto loaded = read_task(**query);
    if (!loaded) return fail(loaded.error());
    if (const auto lane = by_number.find(loaded->lane); lane != by_number.end()) {
      name_lane(*loaded, *lane->second);
    }
    auto history = history_of((*query)->blob(20));
    if (!history) {
      return fail(with_context(history.error(), "task " + to_string(loaded->task.id())));
    }
    bj::object object = request_of(loaded->task);
    add_status(object, loaded->task.status);
    object["history"] = std::move(*history);
    if (Status taken = sink(json::serialize(object)); !taken) return taken;
  }
}

}  // namespace waybill::sqlite
