#include "services/claimer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "services/hint.h"

namespace waybill {
namespace {

/// A batch of inline tasks that takes less, from its claim to the next one, is followed by one
/// twice as large, and one that takes more than twice this by one of half the size.
constexpr Duration kInlineTurn = std::chrono::milliseconds(100);

/// How long tasks for free slots may be left aside for batches of inline ones.
constexpr Duration kSlotLookEvery = std::chrono::milliseconds(20);

}  // namespace

Claimer::Claimer(Ports ports, ClaimerOptions options, const std::vector<RunnableKind>& kinds)
    : ports_(ports), options_(std::move(options)), inline_batch_(options_.inline_batch) {
  options_.inline_batch_max = std::max(options_.inline_batch, options_.inline_batch_max);
  for (const RunnableKind& kind : kinds) {
    (kind.runs_inline ? inline_kinds_ : slot_kinds_).push_back(kind.name);
  }
}

Status Claimer::claim(HeldRuns& runs, std::size_t free_slots, Claimed& claimed) {
  if (Status done = claim_for_slots(runs, free_slots, claimed); !done) return done;
  return claim_inline(runs, claimed);
}

Status Claimer::claim_for_slots(HeldRuns& runs, std::size_t free_slots, Claimed& claimed) {
  if (ports_.hints != nullptr && free_slots > 0) {
    const std::size_t before = runs.slots_taken();
    if (Status hinted = claim_hinted(runs, free_slots, claimed); !hinted) return hinted;
    free_slots -= std::min(free_slots, runs.slots_taken() - before);
  }
  sweeping_ = sweeps();
  if (sweeping_ && free_slots > 0 && !slot_kinds_.empty() && looks_for_slots()) {
    const auto leased = lease(runs, params_for(slot_kinds_, free_slots), claimed);
    if (!leased) return fail(leased.error());
    const bool rare = *leased == 0 && inline_full_;
    next_slot_look_ = ports_.clock.steady_now() + (rare ? kSlotLookEvery : Duration(0));
  }
  return {};
}

Status Claimer::claim_inline(HeldRuns& runs, Claimed& claimed) {
  if ((sweeping_ || inline_hinted_) && !inline_kinds_.empty()) {
    size_inline_batch(ports_.clock.steady_now());
    const auto leased = lease(runs, params_for(inline_kinds_, inline_batch_), claimed);
    if (!leased) return fail(leased.error());
    claimed.more = *leased == inline_batch_;
    inline_full_ = claimed.more;
    inline_hinted_ = claimed.more;
  }
  return {};
}

bool Claimer::looks_for_slots() {
  return !inline_full_ || ports_.clock.steady_now() >= next_slot_look_;
}

void Claimer::size_inline_batch(SteadyTime now) {
  const Duration took = now - std::exchange(inline_began_, now);
  if (!inline_full_ || took > 2 * kInlineTurn) {
    inline_batch_ = std::max(options_.inline_batch, inline_batch_ / 2);
  } else if (took < kInlineTurn) {
    inline_batch_ = std::min(options_.inline_batch_max, 2 * inline_batch_);
  }
}

bool Claimer::sweeps() {
  if (ports_.hints == nullptr) return true;
  const SteadyTime now = ports_.clock.steady_now();
  if (now < next_sweep_ && now >= sweep_until_) return false;
  next_sweep_ = now + options_.sweep_every;
  return true;
}

void Claimer::sweep_for_a_while() {
  sweep_until_ = ports_.clock.steady_now() + options_.sweep_every;
}

/// What hints say.
struct Claimer::Named {
  std::vector<Uuid> tasks;  ///< of kinds that take a slot, or of one that is not said
  std::vector<std::string> receipts;
  std::vector<std::string> for_others;  ///< receipts of tasks that this worker can't run
};

Claimer::Named Claimer::read(const std::vector<Delivery>& deliveries) {
  Named named;
  for (const Delivery& delivery : deliveries) {
    const auto hint = read_hint(delivery.message);
    if (!hint) {
      log::warn("hint_ignored", hint.error().message, {{"id", delivery.message.id}});
    } else if (runs_inline(hint->kind)) {
      inline_hinted_ = true;
    } else if (hint->kind.empty() || std::ranges::count(slot_kinds_, hint->kind) > 0) {
      named.tasks.push_back(hint->task);
    } else {
      named.for_others.push_back(delivery.receipt);
      continue;
    }
    named.receipts.push_back(delivery.receipt);
  }
  return named;
}

/// Acknowledges what was received once the leases are in the ledger. A hint whose task could not be
/// leased is spent too: that task is held by another, or will be found without it.
Status Claimer::claim_hinted(HeldRuns& runs, std::size_t limit, Claimed& claimed) {
  const auto received = ports_.hints->receive(limit, Deadline{.at = ports_.clock.steady_now()});
  if (!received) {
    if (!hints_away_) log::warn("hints_unavailable", received.error().message);
    hints_away_ = true;
    sweep_for_a_while();
    return {};
  }
  hints_away_ = false;
  if (received->empty()) return {};
  Named named = read(*received);
  const auto tell = [](const Status& told) {
    if (!told) log::warn("hints_unavailable", told.error().message);
  };
  if (!named.for_others.empty()) tell(ports_.hints->nack(named.for_others));
  if (!named.tasks.empty()) {
    ClaimParams params = params_for(slot_kinds_, named.tasks.size());
    params.only_ids = named.tasks;
    const std::size_t before = claimed.keys.size();
    const auto leased = lease(runs, params, claimed);
    if (!leased) {
      tell(ports_.hints->nack(named.receipts));
      return fail(leased.error());
    }
    for (std::size_t i = before; i < claimed.keys.size(); ++i) {
      std::erase(named.tasks, claimed.keys[i].task);
    }
  }
  tell(ports_.hints->ack(named.receipts));
  log::debug("hints_claimed", "leased what hints named",
             {{"hints", received->size()}, {"left", named.tasks.size()}});
  if (any_held_back(named.tasks)) sweep_for_a_while();
  return {};
}

bool Claimer::any_held_back(const std::vector<Uuid>& tasks) {
  return std::ranges::any_of(tasks, [this](const Uuid& id) {
    const auto task = ports_.reader->get(id);
    return task ? task->status.state == State::ready : task.error().code != Code::not_found;
  });
}

Result<std::size_t> Claimer::lease(HeldRuns& runs, const ClaimParams& params, Claimed& claimed) {
  const SteadyTime asked_at = ports_.clock.steady_now();
  auto tasks = ports_.ledger.claim(params);
  if (!tasks) return fail(tasks.error());
  const Time long_ago = ports_.ledger.now() - options_.sweep_every / 2;
  for (Task& task : *tasks) {
    // It may have been its turn only now; but then hints would have filled the room.
    if (params.only_ids.empty() && task.status.run_at < long_ago) sweep_for_a_while();
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
