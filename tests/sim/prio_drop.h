#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/prio/message.h"
#include "testing/fake_object_store.h"
#include "tests/sim/drop.h"

namespace waybill::sim {

/// Three buckets of a Prio deployment: batches, their markers and the peer's validations.
class PrioDrop final : public Drop {
 public:
  PrioDrop(Stage& stage, Rng rng);

  ScanDefinition scan() const override;
  std::map<std::string, TaskDefinition> tasks() const override;
  std::vector<ObjectStore*> buckets() override { return {&ingestion_, &own_, &peer_}; }
  void begin_batch() override;
  std::string accept(const TaskRequest& request) override;
  std::vector<std::string> amiss(Time scanned_at) const override;
  void tally(std::map<std::string, std::uint64_t>& kinds) const override;

 private:
  struct Batch {
    std::string path;  ///< AGG/YYYY/MM/DD/HH/mm/ID
    Time minute{};
    std::set<std::string> missing;  ///< parts
    bool validated = false;         ///< by the peer, and complete
    bool in_time = false;           ///< validated before any clock let its window be aggregated
    int intakes = 0;
    int aggregates = 0;
  };

  void arrived(Batch& batch, const std::string& key);
  std::string accept_intake(const prio::IntakeMessage& message);
  std::string accept_aggregate(const prio::AggregateMessage& message);
  std::string add_up(const prio::AggregateMessage& message, const prio::AggregatedBatch& member);

  FakeObjectStore ingestion_;
  FakeObjectStore own_;
  FakeObjectStore peer_;
  std::map<std::string, Batch> batches_;  // by id; stable: arrivals refer into it
  std::set<Time> aggregated_;             // windows, by their end
};

}  // namespace waybill::sim
