#pragma once

#include "adapters/postgres/database.h"
#include "ports/history_parts.h"

namespace waybill::postgres {

/// Partitions of finished tasks that go as a whole:
/// docs/adr/0044-retention-takes-partitions-out.md.
class PostgresHistoryParts final : public HistoryParts {
 public:
  explicit PostgresHistoryParts(Database& database) : database_(database) {}

  Result<PartsStep> remove_some(std::span<const Expiry> due) override;

 private:
  Database& database_;
};

/// Ends what was begun of the removal of partitions, unless others are at it.
Status clear_all_retired(Connection& connection);

}  // namespace waybill::postgres
