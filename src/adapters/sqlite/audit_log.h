#pragma once

#include <span>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/audit_log.h"

namespace waybill::sqlite {

class SqliteAuditPort final : public AuditLog {
 public:
  SqliteAuditPort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

  Status put(std::span<const AuditEntry> entries) override;
  Result<AuditPage> page(const AuditQuery& query) override;
  Result<std::size_t> remove(Time before, std::size_t limit) override;

 private:
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
