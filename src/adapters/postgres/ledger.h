#pragma once

#include <atomic>

#include "adapters/postgres/overdue_floors.h"
#include "adapters/postgres/writer.h"
#include "ports/ledger.h"

namespace waybill::postgres {

class PostgresLedgerPort final : public Ledger {
 public:
  PostgresLedgerPort(Writer& writer, Database& database, LaneTable& lanes, Timekeeper& time)
      : writer_(writer), database_(database), lanes_(lanes), time_(time) {}

  Time now() const override { return time_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override;
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;
  Result<Overdue> overdue(std::size_t limit) override;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override;

 private:
  Result<std::vector<Change>> with_handles(std::span<const Change> changes);
  bool must_be_exclusive(const Change& change) const;
  void drop_partitions_now_and_then();

  Writer& writer_;
  Database& database_;
  LaneTable& lanes_;
  Timekeeper& time_;
  OverdueFloors overdue_floors_;
  std::atomic<std::int64_t> next_drop_ = 0;  // by the steady clock, microseconds
};

}  // namespace waybill::postgres
