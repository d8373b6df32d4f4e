#pragma once

#include <optional>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/dedup_keys.h"
#include "ports/known_tasks.h"
#include "ports/ledger_reader.h"

namespace waybill::sqlite {

class SqliteReaderPort final : public LedgerReader, public DedupKeys, public KnownTasks {
 public:
  /// `bell` rings with each commit of this process.
  SqliteReaderPort(ReaderPool& readers, Bell& bell, Clock& clock)
      : readers_(readers), bell_(bell), clock_(clock) {}

  Result<Task> get(const Uuid& id) override;
  Result<std::vector<HistoryEntry>> history(const Uuid& id) override;
  Result<TaskPage> page(const PageParams& params) override;
  Result<std::vector<QueueCounts>> counts() override;
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override;
  Result<std::uint64_t> last_sequence(std::optional<std::uint64_t> past,
                                      const Deadline& deadline) override;
  Result<std::vector<Dependency>> dependencies(const Uuid& id) override;
  Result<Reported> reported(const Uuid& id) override;
  Result<std::size_t> ahead(const Uuid& id, std::size_t limit) override;
  Result<Uuid> holder(const std::string& key) override;
  Result<std::vector<bool>> known(std::span<const Uuid> ids) override;

 private:
  ReaderPool& readers_;
  Bell& bell_;
  Clock& clock_;
};

}  // namespace waybill::sqlite
