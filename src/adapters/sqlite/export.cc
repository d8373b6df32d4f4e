#include "adapters/sqlite/export.h"

#include <boost/json.hpp>
#include <unordered_map>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/load.h"
#include "base/json.h"
#include "core/history.h"
#include "core/task_json.h"

namespace waybill::sqlite {
namespace {

namespace bj = boost::json;

Result<bj::array> history_of(std::string_view bytes) {
  const auto entries = read_history(bytes);
  if (!entries) return fail(entries.error());
  bj::array array;
  for (const HistoryEntry& entry : *entries) array.push_back(history_to_json(entry));
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
    bj::object object = task_to_json(loaded->task);
    object["progress"] = text_to_json((*query)->text(21));
    object["checkpoint"] = text_to_json((*query)->text(22));
    object["history"] = std::move(*history);
    if (Status taken = sink(json::serialize(object)); !taken) return taken;
  }
}

}  // namespace waybill::sqlite
