#pragma once

#include <memory>
#include <vector>

#include "adapters/file/upload_spool.h"
#include "apps/waybill/runtime/runs.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "services/artifact_collector.h"
#include "services/janitor.h"
#include "services/rescuer.h"
#include "services/scheduler.h"
#include "services/service_loop.h"

namespace waybill::cli {

/// What a ledger needs done by somebody, from construction to destruction: leases taken back and
/// delays ended, schedules fired, runs of pipelines carried on, old tasks removed, and then the
/// files that only they had.
class Upkeep {
 public:
  /// Session and store outlive it. `http`: for what runs wait for.
  Upkeep(Session& session, Store& store, std::unique_ptr<HttpClient> http);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  const Runs& runs() const { return runs_; }

 private:
  Rescuer rescuer_;
  Scheduler scheduler_;
  Janitor janitor_;
  FileUploadSpool spool_;
  ArtifactCollector collector_;
  std::vector<std::unique_ptr<ServiceLoop>> loops_;
  Runs runs_;
};

}  // namespace waybill::cli
