#pragma once

#include <memory>
#include <string>

#include "adapters/ledger/queue.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/store.h"
#include "base/result.h"
#include "core/definition.h"
#include "core/prio/workflow_flags.h"

namespace waybill::cli {

/// The ledger of --data as a queue: a topic is the name of a task definition.
class LedgerBackend {
 public:
  /// Makes the ledger if there is none. `clock` outlives it.
  static Result<std::unique_ptr<LedgerBackend>> open(const prio::WorkflowQueue& queue,
                                                     Clock& clock);
  /// `not_found` for a topic that is no task definition. The queue must not outlive this.
  Result<std::unique_ptr<LedgerQueue>> queue(const std::string& topic);

  /// What open and `queue` would come to, without a ledger: the limit of its messages.
  static Result<std::size_t> body_bytes_max(const prio::WorkflowQueue& queue,
                                            const std::string& topic, Clock& clock);

 private:
  LedgerBackend(Definitions definitions, Kinds kinds, std::unique_ptr<Store> store);

  const Definitions definitions_;
  const Kinds kinds_;
  const std::unique_ptr<Store> store_;
};

}  // namespace waybill::cli
