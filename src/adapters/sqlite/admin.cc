#include "adapters/sqlite/admin.h"

#include <filesystem>

#include "adapters/sqlite/backup.h"
#include "adapters/sqlite/check.h"
#include "adapters/sqlite/export.h"
#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/migrate.h"

namespace waybill::sqlite {
namespace {

std::int64_t size_of(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<std::int64_t>(size);
}

Result<LedgerStats> read_stats(Database& database) {
  LedgerStats stats{.location = database.path(), .schema_version = schema_version()};
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  for (const Lane& lane : *lanes) {
    for (int state = 0; state < kStateCount; ++state) {
      const std::int64_t count = lane.count(static_cast<State>(state));
      stats.tasks += count;
      if (!is_finished(static_cast<State>(state))) stats.tasks_live += count;
    }
  }
  std::int64_t free_pages = 0;
  const std::pair<Sql, std::int64_t*> numbers[] = {{Sql::count_events, &stats.events_kept},
                                                   {Sql::count_spent_keys, &stats.spent_keys},
                                                   {Sql::free_pages, &free_pages},
                                                   {Sql::page_bytes, &stats.free_bytes}};
  for (const auto& [name, target] : numbers) {
    const auto number = database.number(name);
    if (!number) return fail(number.error());
    *target = *number;
  }
  stats.free_bytes *= free_pages;
  stats.file_bytes = size_of(database.path());
  stats.log_bytes = size_of(database.path() + "-wal");
  return stats;
}

}  // namespace

Result<LedgerStats> SqliteAdminPort::stats() { return readers_.read<LedgerStats>(read_stats); }

Result<std::int64_t> SqliteAdminPort::size_bytes() {
  return size_of(open_.path) + size_of(open_.path + "-wal");
}

Result<CheckReport> SqliteAdminPort::check() {
  auto database = Database::open(open_, clock_);
  if (!database) return fail(database.error());
  auto report = check_ledger(**database, clock_);
  if (Status same = (*database)->check_unchanged(); !same) return fail(same.error());
  return report;
}

Status SqliteAdminPort::backup(const std::string& path) {
  auto database = Database::open(open_, clock_);
  if (!database) return fail(database.error());
  return back_up(**database, path, clock_);
}

Status SqliteAdminPort::export_tasks(const std::function<Status(std::string_view line)>& sink) {
  auto database = Database::open(open_, clock_);
  if (!database) return fail(database.error());
  const Status exported = export_ledger(**database, sink);
  if (Status same = (*database)->check_unchanged(); !same) return same;
  return exported;
}

}  // namespace waybill::sqlite
