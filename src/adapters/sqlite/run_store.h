#pragma once

#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/clock.h"
#include "ports/run_store.h"

namespace waybill::sqlite {

class SqliteRunPort final : public RunStore {
 public:
  SqliteRunPort(Writer& writer, ReaderPool& readers, Clock& clock)
      : writer_(writer), readers_(readers), clock_(clock) {}

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
  Writer& writer_;
  ReaderPool& readers_;
  Clock& clock_;
};

}  // namespace waybill::sqlite
