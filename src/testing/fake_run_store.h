#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/ledger.h"
#include "ports/run_store.h"

namespace waybill {

/// The runs in memory; their tasks go into `ledger`, which outlives it. Thread-safe.
class FakeRunStore : public RunStore {
 public:
  explicit FakeRunStore(Ledger& ledger) : ledger_(ledger) {}

  Result<RunMade> create(const NewRun& made) override;
  Result<pipeline::KeptRun> get(const Uuid& id) override;
  Result<RunPage> page(const RunQuery& query) override;
  Result<std::string> plan(const std::string& digest) override;
  Result<std::vector<pipeline::KeptNode>> nodes(const NodeQuery& query) override;
  Result<std::vector<bool>> hold(std::span<const RunHold> holds) override;
  Status settle(const RunSettlement& settlement) override;
  Status ask(const RunAsk& ask) override;
  Result<std::size_t> remove(Time ended_before, std::size_t limit) override;

  std::size_t hold_calls() const { return hold_calls_; }
  /// As damage does.
  void lose_plan(const std::string& digest);

 private:
  struct Row {
    pipeline::KeptRun run;
    std::int64_t number = 0;
    std::string holder{};
    Time held_until{};
    std::map<std::string, pipeline::KeptNode> nodes{};
  };
  bool hold_row(const RunHold& hold) REQUIRES(mutex_);
  static void write(Row& row, const pipeline::NodeChange& change, Time at);

  Ledger& ledger_;
  Mutex mutex_;
  std::map<Uuid, Row> rows_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> plans_ GUARDED_BY(mutex_);
  std::atomic<std::size_t> hold_calls_ = 0;
  std::int64_t last_number_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill
