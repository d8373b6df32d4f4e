#pragma once

#include <span>

#include "adapters/postgres/database.h"
#include "ports/audit_log.h"

namespace waybill::postgres {

/// What is not UTF-8, or a zero byte, is kept as U+FFFD: an entry is never refused for what
/// somebody sent. An entry that is being put while a page is read may be on a later one.
class PostgresAuditPort final : public AuditLog {
 public:
  explicit PostgresAuditPort(Database& database) : database_(database) {}

  Status put(std::span<const AuditEntry> entries) override;
  Result<AuditPage> page(const AuditQuery& query) override;
  Result<std::size_t> remove(Time before, std::size_t limit) override;

 private:
  Database& database_;
};

}  // namespace waybill::postgres
