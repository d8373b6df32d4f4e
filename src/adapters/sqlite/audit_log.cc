#include "adapters/sqlite/audit_log.h"

#include <limits>

#include "ports/cursor.h"

namespace waybill::sqlite {
namespace {

void bind_time(Statement& statement, int index, Time time) {
  if (time == Time{}) {
    statement.bind_null(index);
  } else {
    statement.bind(index, to_micros(time));
  }
}

AuditEntry entry_of(Statement& row) {
  return {.sequence = row.integer(0),
          .at = from_micros(row.integer(1)),
          .who = std::string(row.text(2)),
          .from = std::string(row.text(3)),
          .operation = std::string(row.text(4)),
          .subject = std::string(row.text(5)),
          .count = row.integer(6),
          .outcome = static_cast<AuditOutcome>(row.integer(7)),  // as the table's CHECK says
          .reason = std::string(row.text(8))};
}

Result<AuditPage> read_page(Database& database, const AuditQuery& asked, std::int64_t before) {
  const auto query = database.statement(Sql::audit_page);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  Statement& row = **query;
  const AuditFilter& filter = asked.filter;
  row.bind(1, before).bind_text(2, filter.who).bind_text(3, filter.operation);
  row.bind_text(4, filter.subject);
  bind_time(row, 5, filter.after);
  bind_time(row, 6, filter.before);
  row.bind(7, static_cast<std::int64_t>(asked.limit) + 1);  // one more, to know whether there is
  AuditPage page;
  for (;;) {
    const auto more = row.step();
    if (!more) return fail(more.error());
    if (!*more) return page;
    if (page.entries.size() == asked.limit) {
      if (!page.entries.empty()) page.next_cursor = std::to_string(page.entries.back().sequence);
      return page;
    }
    page.entries.push_back(entry_of(row));
  }
}

}  // namespace

Status SqliteAuditPort::put(std::span<const AuditEntry> entries) {
  if (entries.empty()) return {};
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto put = transaction.database().statement(Sql::put_audit);
    if (!put) return fail(put.error());
    transaction.note_write();
    for (const AuditEntry& entry : entries) {
      (*put)->bind(1, to_micros(entry.at)).bind_text(2, entry.who).bind_text(3, entry.from);
      (*put)->bind_text(4, entry.operation).bind_text(5, entry.subject).bind(6, entry.count);
      (*put)->bind(7, static_cast<std::int64_t>(entry.outcome)).bind_text(8, entry.reason);
      if (Status done = (*put)->run(); !done) return done;
    }
    return {};
  });
}

Result<AuditPage> SqliteAuditPort::page(const AuditQuery& query) {
  const auto before = parse_number_cursor(query.cursor, std::numeric_limits<std::int64_t>::max());
  if (!before) return fail(before.error());
  return readers_.read<AuditPage>(
      [&](Database& database) { return read_page(database, query, *before); });
}

Result<std::size_t> SqliteAuditPort::remove(Time before, std::size_t limit) {
  std::size_t removed = 0;
  const Status done = writer_.write([&](Transaction& transaction) -> Status {
    const auto remove = transaction.database().statement(Sql::remove_audit);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    (*remove)->bind(1, to_micros(before)).bind(2, static_cast<std::int64_t>(limit));
    if (Status ran = (*remove)->run(); !ran) return ran;
    removed = static_cast<std::size_t>(transaction.database().rows_changed());
    return {};
  });
  if (!done) return fail(done.error());
  return removed;
}

}  // namespace waybill::sqlite
