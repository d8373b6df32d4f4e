#include "adapters/sqlite/image_sql.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "adapters/sqlite/image.h"
#include "adapters/sqlite/sql_statements.h"

namespace waybill::sqlite {
namespace {

/// Columns of an image's tasks that are in the table of requests.
constexpr std::array<std::string_view, 6> kRequestColumns = {
    "created_at", "definition", "created_by", "spec", "params", "rest"};

bool is_of_request(std::string_view column) {
  return std::ranges::find(kRequestColumns, column) != kRequestColumns.end();
}

/// Bytes that are null here where they are empty.
bool is_null_if_empty(std::string_view column) {
  return column == "rest" || column == "sealed_token";
}

std::string rows_of_image(const ImageTable& table) {
  if (table.name == "tasks") return "tasks CROSS JOIN requests USING (handle)";
  if (table.name == "keys") {
    return "(SELECT dedup_key, id FROM spent_keys UNION SELECT dedup_key, id FROM tasks "
           "WHERE dedup_scope = 1 AND dedup_key IS NOT NULL)";
  }
  if (table.name == "handles") {
    return "(SELECT max(handle_floor, coalesce((SELECT max(handle) FROM tasks), 0)) AS last "
           "FROM ledger)";
  }
  return std::string(table.name);
}

std::string parameter_of(const ImageColumn& column, std::size_t number) {
  const std::string parameter = "?" + std::to_string(number);
  if (column.type == CellType::octets) return "CAST(" + parameter + " AS TEXT)";
  if (is_null_if_empty(column.name)) return "nullif(" + parameter + ", x'')";
  return parameter;
}

/// Of those columns of an image's table.
ImageInsert insert_into(const std::string& name, const ImageTable& table,
                        std::vector<std::size_t> cells) {
  std::string columns;
  std::string values;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const ImageColumn& column = table.columns[cells[i]];
    columns += (i == 0 ? "" : ", ") + std::string(column.name);
    values += (i == 0 ? "" : ", ") + parameter_of(column, i + 1);
  }
  return {.text = "INSERT INTO " + name + " (" + columns + ") VALUES (" + values + ")",
          .cells = std::move(cells)};
}

std::vector<ImageInsert> task_inserts(const ImageTable& table) {
  std::vector<std::size_t> of_task;
  std::vector<std::size_t> of_request = {0};  // the handle
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    (is_of_request(table.columns[i].name) ? of_request : of_task).push_back(i);
  }
  return {insert_into("tasks", table, std::move(of_task)),
          insert_into("requests", table, std::move(of_request))};
}

ImageInsert written_by(Sql statement, std::vector<std::size_t> cells) {
  return {.text = statements()[static_cast<std::size_t>(statement)].text,
          .cells = std::move(cells)};
}

}  // namespace

std::string image_select(const ImageTable& table) {
  std::string columns;
  for (const ImageColumn& column : table.columns) {
    const std::string name(column.name);
    columns += columns.empty() ? "" : ", ";
    columns += is_null_if_empty(column.name) ? "coalesce(" + name + ", x'')" : name;
  }
  std::string text = "SELECT " + columns + " FROM " + rows_of_image(table) + " ORDER BY ";
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    text += (i == 0 ? "" : ", ") + std::string(table.columns[i].name);
  }
  return text;
}

std::vector<ImageInsert> image_inserts(const ImageTable& table) {
  if (table.name == "tasks") return task_inserts(table);
  if (table.name == "keys") return {written_by(Sql::put_key_for_ever, {0, 1})};
  if (table.name == "handles") return {written_by(Sql::put_handle_floor, {0})};
  if (table.name == "store_claims") return {written_by(Sql::put_store_claim, {0, 1})};
  std::vector<std::size_t> cells(table.columns.size());
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = i;
  return {insert_into(std::string(table.name), table, std::move(cells))};
}

std::vector<std::string> image_columns() {
  std::vector<std::string> columns = {"requests.handle", "ledger.handle_floor",
                                      "spent_keys.dedup_key", "spent_keys.id"};
  for (const ImageTable& table : image_tables()) {
    if (table.name == "handles" || table.name == "keys") continue;
    for (const ImageColumn& column : table.columns) {
      const bool apart = table.name == "tasks" && is_of_request(column.name);
      columns.push_back(std::string(apart ? "requests" : table.name) + "." +
                        std::string(column.name));
    }
  }
  return columns;
}

std::vector<std::string> columns_left_out() {
  std::vector<std::string> columns = {"tasks.room",      "ledger.one",  "store_claims.one",
                                      "webhooks.holder", "runs.holder", "webhooks.held_until",
                                      "runs.held_until"};
  for (const char* counted :
       {"blocked", "scheduled", "ready", "leased", "succeeded", "failed", "cancelled"}) {
    columns.push_back(std::string("lanes.") + counted);
  }
  for (const char* of_worker : {"name", "host", "process_id", "queues", "kinds", "slots", "busy",
                                "started_at", "seen_at", "version"}) {
    columns.push_back(std::string("workers.") + of_worker);
  }
  // Of minutes, and of workers of this ledger.
  for (const char* of_host : {"host", "state", "keep_until"}) {
    columns.push_back(std::string("host_turns.") + of_host);
  }
  return columns;
}

}  // namespace waybill::sqlite
