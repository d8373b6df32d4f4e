#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/pipeline/kept_run.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill {

/// The queue of tasks that tell somebody of an outcome: they wait for no other work.
inline constexpr std::string_view kNotifyQueue = "notifications";
inline constexpr std::string_view kMailKind = "notify.mail";
inline constexpr std::string_view kWebhookKind = "notify.webhook";
inline constexpr std::size_t kNotifyRulesMax = 20;

/// That somebody is told when a task or a run ends.
struct NotifyRule {
  std::vector<State> on;    ///< outcomes: succeeded, failed, cancelled
  std::string kind;         ///< of the task that tells it
  std::string spec = "{}";  ///< of that task

  bool operator==(const NotifyRule&) const = default;
};

/// As tasks and plans keep them (TaskRequest::notify); empty for none.
std::string notify_json(std::span<const NotifyRule> rules);
/// Reads what `notify_json` wrote. `data_loss` for anything else.
Result<std::vector<NotifyRule>> read_notify(std::string_view json);
/// What `notify_json` wrote, for people and programs that look at a task: a list of {on, kind, to,
/// url, secrets}. Of a URL its scheme and host alone, as its path is what lets one post there. Null
/// if it cannot be read.
boost::json::value notify_to_json(std::string_view json);
/// The rules of both, those that are the same once.
std::string merge_notify(const std::string& first, const std::string& second);

/// A task that tells of an outcome, as it is asked for. Its params say what is told.
TaskRequest notification_request(const NotifyRule& rule, std::string params);

/// What is to be inserted together with a change that ends a task: one task for each rule that
/// wants the outcome, its id a function of the task, the change and the rule. What is long is left
/// out of what it tells.
std::vector<TaskRequest> notifications_of(const Task& task, const Change& change);

/// Likewise for a run that has ended, with its state, outputs and error as they are then.
std::vector<TaskRequest> notifications_of(const pipeline::KeptRun& run, const std::string& notify);

}  // namespace waybill
