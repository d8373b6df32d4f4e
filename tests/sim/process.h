#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "decorators/faults.h"
#include "decorators/faulty_ledger.h"
#include "decorators/faulty_object_store.h"
#include "decorators/faulty_queue.h"
#include "ports/log_store.h"
#include "services/service.h"
#include "testing/stage.h"
#include "tests/sim/plant.h"

namespace waybill::sim {

/// What is outside of all processes and outlives them.
struct Stores {
  Stage& stage;
  Ledger& ledger;
  LedgerReader& reader;
  DedupKeys& dedup_keys;
  Registry& registry;
  Queue& hints;
  Queue& orders;  ///< messages of somebody else's
  Queue& refused_orders;
  LogStore& logs;
  std::map<std::string, ObjectStore*> buckets;  ///< by URL
};

/// A simulated process: services that share one fate. When it dies, its calls have no effect any
/// more and its services never act again; what they had in memory is lost.
class Process {
 public:
  struct Params {
    std::string name;
    FaultRates rates;
    Plant::WrapLedger wrong_ledger;  ///< may be empty
    Plant::WrapReader wrong_reader;  ///< may be empty
    Plant::WrapBucket wrong_bucket;  ///< may be empty
  };
  Process(Params params, const Stores& stores, Rng rng);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// A service that acts when its wait is over, or earlier when `hurry` says so.
  void add(
      std::unique_ptr<Service> service,
      std::function<SteadyTime()> hurry = [] { return kSteadyTimeMax; });
  void kill();
  /// What a request to stop does; empty: as a kill.
  void on_stop(std::function<void()> stop) { stop_ = std::move(stop); }
  void stop() { stop_ ? stop_() : kill(); }
  bool dead() const { return faults_.crashed(); }
  /// Frozen until then, with all that runs in it.
  void suspend(SteadyTime until);

  const std::string& name() const { return params_.name; }
  Faults& faults() { return faults_; }
  Ledger& ledger() { return ledger_; }
  LedgerReader& reader() { return reader_; }
  DedupKeys& dedup_keys() { return dedup_keys_; }
  Registry& registry() { return registry_; }
  Queue& hints() { return hints_; }
  Queue& orders() { return orders_; }
  Queue& refused_orders() { return refused_orders_; }
  Result<std::shared_ptr<ObjectStore>> open_bucket(const std::string& url);
  Rng fork_rng() { return rng_.fork(); }
  /// Something that the process owns, besides its services.
  template <class T>
  T& keep(std::unique_ptr<T> owned) {
    T& kept = *owned;
    owned_.push_back(std::move(owned));
    return kept;
  }

 private:
  Duration act(Service& service);

  std::function<void()> stop_;
  const Params params_;
  Stage& stage_;
  Rng rng_;
  Faults faults_;
  std::unique_ptr<Ledger> wrong_ledger_;
  std::unique_ptr<LedgerReader> wrong_reader_;
  FaultyLedger ledger_;
  FaultyReader reader_;
  FaultyDedupKeys dedup_keys_;
  FaultyRegistry registry_;
  FaultyQueue hints_;
  FaultyQueue orders_;
  FaultyQueue refused_orders_;
  std::map<std::string, ObjectStore*> buckets_;
  std::vector<std::shared_ptr<void>> owned_;  // of any type: kept only to be destroyed in the end
  std::vector<std::unique_ptr<Service>> services_;
  std::vector<Stage::Actor> actors_;
};

}  // namespace waybill::sim
