#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/waybill/runtime/worker_host.h"
#include "apps/waybill/session.h"
#include "core/definition.h"
#include "services/rule_desk.h"

namespace waybill::cli {

/// The password of the mail server as the settings' file has it; empty without that setting.
Result<std::string> read_mail_password(const Config& config);

/// A worker for what a server does itself: notifications, and runs that schedules start. They wait
/// for no other task's slot, nor do others for theirs. It sends mail by the session's settings.
/// Session, store and rules outlive it.
Result<std::unique_ptr<WorkerHost>> start_errands(Session& session, Store& store,
                                                  CurrentDefinitions definitions, RuleDesk* rules);

/// Lets what it is at end, for a few seconds, and gives back the rest.
void stop_errands(WorkerHost& errands, Duration grace);

}  // namespace waybill::cli
