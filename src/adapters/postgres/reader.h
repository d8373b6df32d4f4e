#pragma once

#include "adapters/postgres/database.h"
#include "adapters/postgres/lanes.h"
#include "adapters/postgres/news.h"
#include "ports/bell.h"
#include "ports/dedup_keys.h"
#include "ports/known_tasks.h"
#include "ports/ledger_reader.h"

namespace waybill::postgres {

class PostgresReaderPort final : public LedgerReader, public DedupKeys, public KnownTasks {
 public:
  /// `bell` rings with each commit of this process, and where another's was heard of.
  PostgresReaderPort(Database& database, LaneTable& lanes, Bell& bell, News& news)
      : database_(database), lanes_(lanes), bell_(bell), news_(news) {}

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
  /// The one row of a statement about one task; `not_found` where there is none.
  Result<Rows> row_of(Sql sql, const Uuid& id);

  Database& database_;
  LaneTable& lanes_;
  Bell& bell_;
  News& news_;
};

}  // namespace waybill::postgres
