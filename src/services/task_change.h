#pragma once

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

/// Whether to retry the task is to send it anew: it is a notification that was delivered.
bool is_sent_notification(const Task& task);

/// The same notification as a task of its own, with another id and so another Message-ID: what was
/// sent stays as it was. It is of who made the first one, and says which that is in its label
/// `resends`.
TaskRequest resend_request(const Task& task, Time now);

/// Inserts that, and answers the task as it is then.
Result<Task> resend(const LedgerParts& parts, const Task& task);

}  // namespace waybill
