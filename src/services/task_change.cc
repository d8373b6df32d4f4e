#include "services/task_change.h"

#include <optional>
#include <utility>

#include "core/retry_rules.h"

namespace waybill {
namespace {

constexpr int kAttemptsMax = 20;
/// Of a notification that was sent again: which one that was.
constexpr const char* kResendsLabel = "resends";

struct Planned {
  Task task;
  std::optional<Change> change;  ///< none: it is as was asked
};

/// Whether that has been asked of it already.
bool is_ending(const Task& task, const Event& event) {
  return std::holds_alternative<event::Cancel>(event) && task.status.state == State::leased &&
         task.status.cancel.requested();
}

Result<Planned> plan(const LedgerParts& parts, const Uuid& id, const Event& event, double chance) {
  auto task = parts.reader.get(id);
  if (!task) return fail(task.error());
  if (is_ending(*task, event)) return Planned{.task = std::move(*task), .change = {}};
  auto change = transition(*task, event, {.now = parts.ledger.now(), .chance = chance});
  if (!change) return fail(change.error());
  return Planned{std::move(*task), std::move(*change)};
}

}  // namespace

Result<Task> change_task(const LedgerParts& parts, const Uuid& id, const Event& event,
                         double chance) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto planned = plan(parts, id, event, chance);
    if (!planned) return fail(planned.error());
    if (!planned->change) return planned->task;
    const auto answers = parts.ledger.apply({&*planned->change, 1});
    if (!answers) return fail(answers.error());
    const Status& answer = answers->front();
    if (answer) return parts.reader.get(id);
    if (answer.error().code != Code::aborted) return fail(answer.error());
  }
  return fail(Code::unavailable,
              "task " + to_string(id) + " keeps changing while this is asked; try again");
}

Result<Task> change_task_as_read(const LedgerParts& parts, const Task& task, const Event& event,
                                 double chance) {
  if (is_ending(task, event)) return task;
  const auto change = transition(task, event, {.now = parts.ledger.now(), .chance = chance});
  if (!change) return fail(change.error());
  const auto answers = parts.ledger.apply({&*change, 1});
  if (!answers) return fail(answers.error());
  if (const Status& answer = answers->front(); !answer) return fail(answer.error());
  return parts.reader.get(task.id());
}

Result<Task> foresee_change(const LedgerParts& parts, const Uuid& id, const Event& event,
                            double chance) {
  auto planned = plan(parts, id, event, chance);
  if (!planned) return fail(planned.error());
  if (!planned->change) return std::move(planned->task);
  planned->task.status = planned->change->after;
  int& priority = planned->task.request.priority;
  priority = planned->change->priority.value_or(priority);
  return std::move(planned->task);
}

Result<TaskRequest> resend_request(const Task& task, const Resend& how) {
  const std::string id = to_string(task.id());
  if (!is_sent_notification(task)) {
    return fail(Code::failed_precondition,
                "task " + id + " is no notification that was delivered, and so cannot be sent " +
                    "again: it is of kind " + task.request.kind + " and " +
                    std::string(to_string(task.status.state)) + "; retry it without `again`");
  }
  if (Status alone = check_is_of_no_run(task); !alone) return fail(alone.error());
  TaskRequest request = task.request;
  request.id = uuid_v5(task.id(), "resend/" + how.key);
  request.run_at = Time{};
  request.dedup_key.clear();
  request.dedup_scope = DedupScope::live;
  request.waits_for.clear();
  request.created_by = how.by;
  request.notify.clear();
  std::erase_if(request.labels, [](const auto& label) { return label.first == kResendsLabel; });
  request.labels.emplace_back(kResendsLabel, id);
  return request;
}

Result<Task> resend(const LedgerParts& parts, const Task& task, const Resend& how) {
  const auto request = resend_request(task, how);
  if (!request) return fail(request.error());
  const auto inserted = parts.ledger.insert({&*request, 1});
  if (!inserted) return fail(inserted.error());
  return parts.reader.get(inserted->front().id);
}

}  // namespace waybill
