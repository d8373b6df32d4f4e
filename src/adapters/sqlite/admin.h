#pragma once

#include <functional>
#include <string>
#include <utility>

#include "adapters/sqlite/reader_pool.h"
#include "ports/ledger_admin.h"

namespace waybill::sqlite {

class SqliteAdminPort final : public LedgerAdmin {
 public:
  /// `open` tells how to open the file once more: long reads have a connection of their own.
  SqliteAdminPort(ReaderPool& readers, OpenParams open, Clock& clock)
      : readers_(readers), open_(std::move(open)), clock_(clock) {}

  Result<CheckReport> check() override;
  Result<LedgerStats> stats() override;
  Result<std::int64_t> size_bytes() override;
  Status backup(const std::string& path) override;
  Status export_tasks(const std::function<Status(std::string_view line)>& sink) override;

 private:
  ReaderPool& readers_;
  const OpenParams open_;
  Clock& clock_;
};

}  // namespace waybill::sqlite
