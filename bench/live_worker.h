#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/task_kind.h"

namespace waybill {
class Clock;
class Ledger;
class LedgerReader;
class Registry;
}  // namespace waybill

namespace waybill::bench {

struct LiveWorkerParams {
  std::string directory;         ///< existing and empty; ledger, logs and scratch go there
  std::vector<TaskKind*> kinds;  ///< outlive the worker
  std::size_t slots = 4;
};

/// A ledger that is there already; outlives the worker.
struct LiveLedger {
  Ledger& ledger;
  LedgerReader& reader;
  Registry& registry;
};

/// A worker on a SQLite ledger of its own, or on one that is given, wired as `waybill up` wires it,
/// running from create() to destruction.
class LiveWorker {
 public:
  static Result<std::unique_ptr<LiveWorker>> create(Clock& clock, const LiveWorkerParams& params);
  static Result<std::unique_ptr<LiveWorker>> create(Clock& clock, const LiveWorkerParams& params,
                                                    const LiveLedger& on);
  ~LiveWorker();
  LiveWorker(const LiveWorker&) = delete;
  LiveWorker& operator=(const LiveWorker&) = delete;

  Ledger& ledger();
  LedgerReader& reader();

 private:
  struct Parts;
  explicit LiveWorker(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace waybill::bench
