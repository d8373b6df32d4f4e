#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/definition.h"
#include "testing/fake_object_store.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"

namespace waybill::sim {

/// Three buckets of a Prio deployment, in which batches and the peer's validations arrive part by
/// part, some of them never completely. Keeps its own record of what arrived.
class Drop {
 public:
  Drop(Stage& stage, Rng rng);

  /// A new batch begins to arrive.
  void begin_batch();
  /// Something is still to arrive.
  bool is_filling() const { return arriving_ > 0; }
  std::map<std::string, ObjectStore*> buckets();
  ScanDefinition scan() const;
  std::map<std::string, TaskDefinition> tasks() const;

  /// I5, once nothing arrives any more and every scan has come through since.
  void check(LedgerAuditor& auditor);

 private:
  struct Batch {
    std::string id;
    std::string path;  ///< AGG/YYYY/MM/DD/HH/mm/ID
    std::vector<std::string> parts_to_come;
    bool will_be_complete = true;
    bool peer_will_validate = false;
  };

  Duration deliver(Batch& batch);
  void deliver_peer(const Batch& batch);
  Duration up_to(Duration longest);

  Stage& stage_;
  Rng rng_;
  FakeObjectStore ingestion_;
  FakeObjectStore own_;
  FakeObjectStore peer_;
  int arriving_ = 0;
  std::map<std::string, Batch> batches_;  // stable: actors refer into it
};

}  // namespace waybill::sim
