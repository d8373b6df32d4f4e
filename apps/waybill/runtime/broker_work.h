#pragma once

#include <memory>
#include <optional>

#include "apps/waybill/runtime/importing.h"
#include "apps/waybill/runtime/task_broker.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "core/definition.h"

namespace waybill::cli {

/// What a process that has a ledger does for it with brokers: tells that of the setting `queue` of
/// tasks that are ready, and reads what the definitions' imports name.
class BrokerWork {
 public:
  /// `invalid_argument` for settings that make no sense. All outlive it.
  static Result<std::unique_ptr<BrokerWork>> open(Session& session, Store& store,
                                                  const Definitions& definitions);

  /// Null if the setting names none.
  TaskBroker* tasks() const { return broker_.get(); }
  /// From now until destruction.
  void begin();

 private:
  BrokerWork(Session& session, Store& store) : session_(session), store_(store) {}

  Session& session_;
  Store& store_;
  std::unique_ptr<TaskBroker> broker_;
  std::unique_ptr<Importing> importing_;
  std::optional<Dispatching> dispatching_;
};

}  // namespace waybill::cli
