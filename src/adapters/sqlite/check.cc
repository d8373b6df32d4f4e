#include "adapters/sqlite/check.h"

namespace waybill::sqlite {
namespace {

void report(CheckReport& report, Violation violation) {
  ++report.violations_found;
  if (report.violations.size() < kViolationsMax) report.violations.push_back(std::move(violation));
}

Status check_storage(Database& database, CheckReport& found) {
  const auto query = database.statement(Sql::integrity);
  if (!query) return fail(query.error());
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    if ((*query)->text(0) == "ok") continue;
    report(found, {.invariant = "storage",
                   .subject = database.path(),
                   .message = std::string((*query)->text(0))});
  }
}

}  // namespace

Result<CheckReport> check_ledger(Database& database) {
  const Rollback end(database);
  if (Status begun = database.execute("BEGIN"); !begun) return fail(begun.error());
  CheckReport found;
  if (Status done = check_storage(database, found); !done) return fail(done.error());
  return found;
}

}  // namespace waybill::sqlite
