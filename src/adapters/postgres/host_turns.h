#pragma once

#include <span>
#include <vector>

#include "adapters/postgres/database.h"
#include "adapters/postgres/timekeeper.h"
#include "ports/host_turns.h"

namespace waybill::postgres {

class PostgresHostTurnsPort final : public HostTurns {
 public:
  PostgresHostTurnsPort(Database& database, const Timekeeper& time)
      : database_(database), time_(time) {}

  Result<std::vector<HostTerms>> take(const HostHolding& holding,
                                      std::span<const HostNeed> needs) override;

 private:
  Database& database_;
  const Timekeeper& time_;
};

}  // namespace waybill::postgres
