#include "adapters/postgres/audit_log.h"

#include <limits>

#include "adapters/postgres/plain_text.h"
#include "adapters/postgres/row_times.h"
#include "ports/cursor.h"

namespace waybill::postgres {
namespace {

AuditEntry entry_of(const Rows& rows, int row) {
  return {.sequence = rows.integer(row, 0),
          .at = from_micros(rows.integer(row, 1)),
          .who = std::string(rows.text(row, 2)),
          .from = std::string(rows.text(row, 3)),
          .operation = std::string(rows.text(row, 4)),
          .subject = std::string(rows.text(row, 5)),
          .count = rows.integer(row, 6),
          .outcome = static_cast<AuditOutcome>(rows.integer(row, 7)),  // as the table's CHECK says
          .reason = std::string(rows.text(row, 8))};
}

}  // namespace

Status PostgresAuditPort::put(std::span<const AuditEntry> entries) {
  if (entries.empty()) return {};
  Array at(Array::Of::integers);
  Array who(Array::Of::texts);
  Array origin(Array::Of::texts);
  Array operation(Array::Of::texts);
  Array subject(Array::Of::texts);
  Array count(Array::Of::integers);
  Array outcome(Array::Of::integers);
  Array reason(Array::Of::texts);
  for (const AuditEntry& entry : entries) {
    at.add(to_micros(entry.at));
    who.add(plain_text(entry.who));
    origin.add(plain_text(entry.from));
    operation.add(plain_text(entry.operation));
    subject.add(plain_text(entry.subject));
    count.add(entry.count);
    outcome.add(static_cast<std::int64_t>(entry.outcome));
    reason.add(plain_text(entry.reason));
  }
  Params params;
  params.array(std::move(at)).array(std::move(who)).array(std::move(origin));
  params.array(std::move(operation)).array(std::move(subject)).array(std::move(count));
  params.array(std::move(outcome)).array(std::move(reason));
  const auto put = database_.write(Sql::put_audit, params);
  if (!put) return fail(put.error());
  return {};
}

Result<AuditPage> PostgresAuditPort::page(const AuditQuery& query) {
  const auto before = parse_number_cursor(query.cursor, std::numeric_limits<std::int64_t>::max());
  if (!before) return fail(before.error());
  const AuditFilter& filter = query.filter;
  Params params;
  params.integer(*before).text(plain_text(filter.who)).text(plain_text(filter.operation));
  params.text(plain_text(filter.subject));
  put_time(params, filter.after);
  put_time(params, filter.before);
  params.integer(static_cast<std::int64_t>(query.limit) + 1);  // to know whether there is more
  const auto rows = database_.read(Sql::audit_page, params);
  if (!rows) return fail(rows.error());
  AuditPage page;
  for (int row = 0; row < rows->size(); ++row) {
    if (page.entries.size() == query.limit) {
      if (!page.entries.empty()) page.next_cursor = std::to_string(page.entries.back().sequence);
      break;
    }
    page.entries.push_back(entry_of(*rows, row));
  }
  return page;
}

Result<std::size_t> PostgresAuditPort::remove(Time before, std::size_t limit) {
  const auto removed = database_.write(
      Sql::remove_audit,
      Params().integer(to_micros(before)).integer(static_cast<std::int64_t>(limit)));
  if (!removed) return fail(removed.error());
  return static_cast<std::size_t>(removed->affected());
}

}  // namespace waybill::postgres
