#include "adapters/postgres/image_sql.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "adapters/postgres/image.h"
#include "adapters/postgres/sql_statements.h"

namespace waybill::postgres {
namespace {

using Names = std::vector<std::string>;

Names names_of(const ImageTable& table) {
  Names names;
  for (const ImageColumn& column : table.columns) names.emplace_back(column.name);
  return names;
}

Names without(Names names, std::initializer_list<std::string_view> left_out) {
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::find(left_out, name) != left_out.end();
  });
  return names;
}

std::string list_of(const Names& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

const char* array_type(CellType type) {
  switch (type) {
    case CellType::integer:
    case CellType::flag:
      return "bigint[]";
    case CellType::text:
      return "text[]";
    case CellType::octets:
    case CellType::bytes:
      return "bytea[]";
    case CellType::id:
      break;
  }
  return "uuid[]";
}

/// The rows that are given, as `r`.
std::string given_rows(const ImageTable& table) {
  std::string arrays;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    arrays +=
        (i == 0 ? "$" : ", $") + std::to_string(i + 1) + "::" + array_type(table.columns[i].type);
  }
  return "unnest(" + arrays + ") AS r (" + list_of(names_of(table)) + ")";
}

std::string insert_tasks(const ImageTable& table) {
  const Names all = names_of(table);
  const std::string live = list_of(without(all, {"finished_at"}));
  const std::string ended = list_of(without(all, {"rank", "lease_until"}));
  return "WITH r AS MATERIALIZED (SELECT * FROM " + given_rows(table) +
         "), known AS (INSERT INTO waybill.ids (id, handle) SELECT id, handle FROM r), "
         "live AS (INSERT INTO waybill.tasks (" +
         live + ") SELECT " + live + " FROM r WHERE state < 4) INSERT INTO waybill.finished (" +
         ended + ") SELECT " + ended + " FROM r WHERE state >= 4";
}

std::string rows_of_image(const ImageTable& table) {
  if (table.name == "tasks") return "waybill.rows";
  if (table.name == "keys") return "waybill.forever_keys";
  // No lane is shown that never had a task.
  if (table.name == "lanes") {
    return "(SELECT * FROM waybill.lanes AS l WHERE used OR EXISTS (SELECT FROM waybill.rows AS r "
           "WHERE r.lane = l.lane)) AS lanes";
  }
  if (table.name == "handles") {
    return "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last "
           "FROM waybill.handles) AS handles";
  }
  if (table.name == "run_nodes") {
    return "(SELECT r.number AS number_of_run, n.* FROM waybill.run_nodes AS n "
           "JOIN waybill.runs AS r ON r.id = n.run) AS run_nodes";
  }
  return "waybill." + std::string(table.name);
}

std::string value_of(const ImageColumn& column) {
  const std::string name(column.name);
  return column.type == CellType::flag ? "r." + name + " <> 0" : "r." + name;
}

}  // namespace

std::string image_select(const ImageTable& table) {
  Names columns = names_of(table);
  if (table.name == "run_nodes") columns[0] = "number_of_run";
  const Names keys(columns.begin(),
                   columns.begin() + static_cast<std::ptrdiff_t>(table.key_columns));
  return "SELECT " + list_of(columns) + " FROM " + rows_of_image(table) + " ORDER BY " +
         list_of(keys);
}

std::string image_insert(const ImageTable& table) {
  if (table.name == "tasks") return insert_tasks(table);
  if (table.name == "handles") {
    return "SELECT setval('waybill.handles', greatest(r.last, 1), r.last > 0) FROM " +
           given_rows(table);
  }
  if (table.name == "store_claims") {
    return "UPDATE waybill.store_claims AS c SET ledger = r.ledger, round = r.round FROM " +
           given_rows(table);
  }
  Names columns = names_of(table);
  Names values;
  for (const ImageColumn& column : table.columns) values.push_back(value_of(column));
  std::string name = "waybill." + std::string(table.name);
  std::string from = given_rows(table);
  const auto also = [&](const char* column, const char* value) {
    columns.emplace_back(column);
    values.emplace_back(value);
  };
  if (table.name == "keys") name = "waybill.forever_keys";
  if (table.name == "lanes") also("used", "true");
  if (table.name == "events") {
    also("counted", "'{}'");
    also("tag", "gen_random_uuid()");
  }
  if (table.name == "run_nodes") {
    values[0] = "of_run.id";
    from += " JOIN waybill.runs AS of_run ON of_run.number = r.run";
  }
  return "INSERT INTO " + name + " (" + list_of(columns) + ") OVERRIDING SYSTEM VALUE SELECT " +
         list_of(values) + " FROM " + from;
}

std::vector<std::string> image_places() {
  std::vector<std::string> places = {"ids", "finished", "forever_keys"};
  for (const ImageTable& table : image_tables()) {
    if (table.name != "handles" && table.name != "keys") places.emplace_back(table.name);
  }
  return places;
}

std::vector<std::string> image_columns() {
  std::vector<std::string> columns = {"ids.id", "ids.handle", "forever_keys.dedup_key",
                                      "forever_keys.id"};
  for (const ImageTable& table : image_tables()) {
    if (table.name == "handles" || table.name == "keys") continue;
    for (const std::string& column : names_of(table)) {
      const bool of_live = column != "finished_at" || table.name != "tasks";
      const bool of_ended = table.name == "tasks" && column != "rank" && column != "lease_until";
      if (of_live) columns.push_back(std::string(table.name) + "." + column);
      if (of_ended) columns.push_back("finished." + column);
    }
  }
  return columns;
}

std::vector<std::string> tables_left_out() {
  return {"ledger", "workers", "enqueued",    "log_chunks",
          "floors", "retired", "retirements", "host_turns"};
}

std::vector<std::string> columns_left_out() {
  std::vector<std::string> columns = {"lanes.used",          "events.counted",  "events.tag",
                                      "store_claims.one",    "webhooks.holder", "runs.holder",
                                      "webhooks.held_until", "runs.held_until"};
  for (const char* counted :
       {"blocked", "scheduled", "ready", "leased", "succeeded", "failed", "cancelled"}) {
    columns.push_back(std::string("lanes.") + counted);
  }
  return columns;
}

}  // namespace waybill::postgres
