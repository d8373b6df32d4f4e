#pragma once

#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "adapters/postgres/lanes.h"
#include "adapters/postgres/timekeeper.h"
#include "adapters/postgres/writer.h"
#include "ports/run_store.h"

namespace waybill::postgres {

class PostgresRunPort final : public RunStore {
 public:
  struct Parts {
    Writer& writer;
    Database& database;
    LaneTable& lanes;
    Timekeeper& time;
  };
  PostgresRunPort(Parts parts, TimeSource source) : parts_(parts), source_(source) {}

  Result<RunMade> create(const NewRun& made) override;
  Result<pipeline::KeptRun> get(const Uuid& id) override;
  Result<RunPage> page(const RunQuery& query) override;
  Result<std::string> plan(const std::string& digest) override;
  Result<std::vector<pipeline::KeptNode>> nodes(const NodeQuery& query) override;
  Result<std::vector<bool>> hold(std::span<const RunHold> holds) override;
  Status settle(const RunSettlement& settlement) override;
  Status ask(const RunAsk& ask) override;
  Result<std::size_t> remove(Time ended_before, std::size_t limit) override;

 private:
  const Parts parts_;
  const TimeSource source_;
};

}  // namespace waybill::postgres
