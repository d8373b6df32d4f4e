#include "services/claimer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "services/hint.h"

namespace waybill {

Claimer::Claimer(Ports ports, ClaimerOptions options, const std::vector<RunnableKind>& kinds)
    : ports_(ports), options_(std::move(options)) {
  for (const RunnableKind& kind : kinds) {
    (kind.runs_inline ? inline_kinds_ : slot_kinds_).push_back(kind.name);
  }
}

Status Claimer::claim(HeldRuns& runs, std::size_t free_slots, Claimed& claimed) {
  if (ports_.hints != nullptr && free_slots > 0 && !slot_kinds_.empty()) {
    const std::size_t before = runs.slots_taken();
    if (Status hinted = claim_hinted(runs, free_slots, claimed); !hinted) return hinted;
    free_slots -= std::min(free_slots, runs.slots_taken() - before);
  }
  if (free_slots > 0 && !slot_kinds_.empty()) {
    const auto leased = lease(runs, params_for(slot_kinds_, free_slots), claimed);
    if (!leased) return fail(leased.error());
  }
  if (!inline_kinds_.empty()) {
    const auto leased = lease(runs, params_for(inline_kinds_, options_.inline_batch), claimed);
    if (!leased) return fail(leased.error());
    claimed.more = *leased == options_.inline_batch;
  }
  return {};
}

/// Acknowledges what was received once the leases are in the ledger. A hint whose task could not be
/// leased is spent too: that task is held by another, or will be found without it.
Status Claimer::claim_hinted(HeldRuns& runs, std::size_t limit, Claimed& claimed) {
  const auto received = ports_.hints->receive(limit, Deadline{.at = ports_.clock.steady_now()});
  if (!received) {
    log::warn("hints_unavailable", received.error().message);
    return {};
  }
  if (received->empty()) return {};
  ClaimParams params = params_for(slot_kinds_, received->size());
  std::vector<std::string> receipts;
  for (const Delivery& delivery : *received) {
    receipts.push_back(delivery.receipt);
    if (const auto id = task_of_hint(delivery.message)) {
      params.only_ids.push_back(*id);
    } else {
      log::warn("hint_ignored", id.error().message, {{"id", delivery.message.id}});
    }
  }
  if (!params.only_ids.empty()) {
    const auto leased = lease(runs, params, claimed);
    if (!leased) {
      if (const Status back = ports_.hints->nack(receipts); !back) {
        log::warn("hints_unavailable", back.error().message);
      }
      return fail(leased.error());
    }
  }
  if (const Status done = ports_.hints->ack(receipts); !done) {
    log::warn("hints_unavailable", done.error().message);
  }
  return {};
}

Result<std::size_t> Claimer::lease(HeldRuns& runs, const ClaimParams& params, Claimed& claimed) {
  const SteadyTime asked_at = ports_.clock.steady_now();
  auto tasks = ports_.ledger.claim(params);
  if (!tasks) return fail(tasks.error());
  for (Task& task : *tasks) {
    HeldRun run;
    run.lease_until = asked_at + options_.lease;
    run.takes_slot = !runs_inline(task.request.kind);
    run.task = std::move(task);
    claimed.keys.push_back(run_key(run.task));
    runs.add(std::move(run));
  }
  return tasks->size();
}

ClaimParams Claimer::params_for(const std::vector<std::string>& kinds, std::size_t limit) const {
  return {.queues = options_.queues,
          .kinds = kinds,
          .worker = options_.worker,
          .limit = limit,
          .lease = options_.lease};
}

bool Claimer::runs_inline(const std::string& kind) const {
  return std::find(inline_kinds_.begin(), inline_kinds_.end(), kind) != inline_kinds_.end();
}

}  // namespace waybill
