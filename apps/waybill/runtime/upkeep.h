#pragma once

#include <memory>
#include <vector>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "services/janitor.h"
#include "services/rescuer.h"
#include "services/scheduler.h"
#include "services/service_loop.h"

namespace waybill::cli {

/// What a ledger needs done by somebody, from construction to destruction: leases taken back and
/// delays ended, schedules fired, old tasks removed.
class Upkeep {
 public:
  /// Session and store outlive it.
  Upkeep(Session& session, Store& store);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  Rescuer rescuer_;
  Scheduler scheduler_;
  Janitor janitor_;
  std::vector<std::unique_ptr<ServiceLoop>> loops_;
};

}  // namespace waybill::cli
