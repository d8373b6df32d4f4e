#include "services/held_runs.h"

#include <algorithm>

#include "base/check.h"

namespace waybill {

HeldRun& HeldRuns::add(HeldRun run) {
  if (run.takes_slot) ++slots_taken_;
  const RunKey key = run_key(run.task);
  const auto [position, added] = runs_.emplace(key, std::move(run));
  WAYBILL_CHECK(added, "the ledger gave the same lease twice");
  return position->second;
}

HeldRun* HeldRuns::find(const RunKey& key) {
  const auto position = runs_.find(key);
  return position == runs_.end() ? nullptr : &position->second;
}

void HeldRuns::erase(const RunKey& key) {
  const auto position = runs_.find(key);
  if (position == runs_.end()) return;
  if (position->second.takes_slot) --slots_taken_;
  runs_.erase(position);
}

void HeldRuns::end(const RunKey& key, Event verdict) {
  HeldRun* run = find(key);
  WAYBILL_CHECK(run != nullptr, "a run that is not held can't end");
  run->verdict = std::move(verdict);
  ended_.push_back(key);
}

bool HeldRuns::slots_end() const {
  return std::ranges::any_of(ended_, [this](const RunKey& key) {
    const auto position = runs_.find(key);
    return position != runs_.end() && position->second.takes_slot;
  });
}

bool HeldRuns::rival_of(const RunKey& key) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const auto& entry) {
    return entry.first.task == key.task && entry.first.fence != key.fence;
  });
}

}  // namespace waybill
