#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/rng.h"
#include "core/definition.h"
#include "core/schedule.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/object_store.h"
#include "testing/audit.h"

namespace waybill::sim {

/// A mistake that is made on purpose, to see that the checkers find it.
struct Plant {
  using WrapLedger =
      std::function<std::unique_ptr<Ledger>(Ledger& inner, LedgerReader& reader, Rng rng)>;
  using WrapReader = std::function<std::unique_ptr<LedgerReader>(LedgerReader& inner)>;
  using WrapBucket = std::function<std::unique_ptr<ObjectStore>(ObjectStore& inner, Rng rng)>;

  std::string name;
  Invariant caught_by = Invariant::one_state;
  std::string says;              ///< within what the violation says: it is caught for this reason
  WrapLedger ledger;             ///< the ledger itself is wrong: seen by all
  WrapReader reader;             ///< what the ledger tells of itself is wrong: seen by the auditor
  WrapLedger worker_ledger;      ///< workers use the ledger wrongly
  WrapReader worker_reader;      ///< workers read the ledger wrongly
  WrapLedger controller_ledger;  ///< so do scanner, scheduler, rescuer and janitor
  WrapBucket controller_bucket;  ///< the scanner uses its buckets wrongly
  std::function<void(Schedule&)> schedule;    ///< the scheduler works by another schedule
  std::function<void(ScanDefinition&)> scan;  ///< the scanner works by another definition
};

/// For messages of tests.
inline void PrintTo(const Plant& plant, std::ostream* out) { *out << plant.name; }

}  // namespace waybill::sim
