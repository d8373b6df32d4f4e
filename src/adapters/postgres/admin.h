#pragma once

#include "adapters/postgres/database.h"
#include "adapters/postgres/lanes.h"
#include "ports/ledger_admin.h"

namespace waybill::postgres {

class PostgresAdminPort final : public LedgerAdmin {
 public:
  PostgresAdminPort(Database& database, LaneTable& lanes) : database_(database), lanes_(lanes) {}

  Result<CheckReport> check() override;
  Result<LedgerStats> stats() override;
  Result<std::int64_t> size_bytes() override;
  /// `unimplemented`: a database has tools of its own for that, which the message names.
  Status backup(const std::string& path) override;
  Status export_tasks(const std::function<Status(std::string_view line)>& sink) override;

 private:
  Database& database_;
  LaneTable& lanes_;
};

/// Calls `each` with rows of a statement that takes the place after which it goes on ($1: column 0
/// of the last row) and a limit ($2), until there are no more.
Status for_chunks(Connection& connection, Sql sql,
                  const std::function<Status(const Rows& rows)>& each);

}  // namespace waybill::postgres
