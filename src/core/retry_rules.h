#pragma once

#include <string>

#include "base/result.h"
#include "core/notify.h"
#include "core/run_prefix.h"
#include "core/task.h"

namespace waybill {

/// Whether the task is a notification that was delivered: it is sent again only if that is asked
/// for, and then as another task (services/task_change.h).
inline bool is_sent_notification(const Task& task) {
  const std::string& kind = task.request.kind;
  return task.status.state == State::succeeded && (kind == kMailKind || kind == kWebhookKind);
}

/// `failed_precondition` for a step of a run: that is done again with its run alone, which has gone
/// on without it.
inline Status check_is_of_no_run(const Task& task) {
  const std::string& by = task.request.created_by;
  if (!by.starts_with(kRunPrefix)) return {};
  const std::string run = by.substr(kRunPrefix.size());
  return fail(Code::failed_precondition, "task " + to_string(task.id()) + " is a step of run " +
                                             run + "; do that again with `waybill run retry " +
                                             run + "`");
}

}  // namespace waybill
