#pragma once

#include <string>

#include "base/result.h"
#include "core/transition.h"
#include "services/ledger_parts.h"

namespace waybill {

/// Makes an event happen to the task as it is now, and again if somebody else was faster; answers
/// the task as it is then. A cancel that was asked for before changes nothing. `chance` is uniform
/// in [0, 1). Errors: those of `transition` and of the ledger, `not_found`; `unavailable` if the
/// task keeps changing meanwhile.
Result<Task> change_task(const LedgerParts& parts, const Uuid& id, const Event& event,
                         double chance);

/// Makes it happen to the task as it was read, once; `aborted` if the task has changed since.
Result<Task> change_task_as_read(const LedgerParts& parts, const Task& task, const Event& event,
                                 double chance);

/// The task as that would leave it. Changes nothing.
Result<Task> foresee_change(const LedgerParts& parts, const Uuid& id, const Event& event,
                            double chance);

/// How a notification that was delivered is sent again.
struct Resend {
  std::string by;   ///< who asks, and so who made the new task
  std::string key;  ///< of this wish: the same one makes the same task
};

/// The same notification as a task of its own, with another id and so another Message-ID: what was
/// sent stays as it was. It says which that is in its label `resends`; nobody is told of its end.
/// `failed_precondition` for what is no notification that was delivered, or is a step of a run.
Result<TaskRequest> resend_request(const Task& task, const Resend& how);

/// Inserts that, unless it is there already, and answers the task as it is then.
Result<Task> resend(const LedgerParts& parts, const Task& task, const Resend& how);

}  // namespace waybill
