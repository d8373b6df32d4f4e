#include "services/refusal_fold.h"

#include <iterator>
#include <utility>

namespace waybill {
namespace {

/// What those are called that are too many to be told apart.
AuditEntry one_of_many(AuditEntry entry) {
  // Who comes with a name is known, and few; who tries to log in may call himself anything.
  if (entry.operation == "completeLogin") entry.who = "(several)";
  entry.operation = "(several)";
  entry.subject.clear();
  entry.reason = "more kinds of refusals came within a minute than are told apart";
  return entry;
}

}  // namespace

RefusalFold::Kind RefusalFold::kind_of(const AuditEntry& entry) {
  const bool is_failure = entry.outcome == AuditOutcome::failed;
  return {entry.who, entry.operation, entry.subject, entry.outcome, is_failure ? entry.reason : ""};
}

std::optional<AuditEntry> RefusalFold::take(AuditEntry entry, SteadyTime now) {
  Kind kind = kind_of(entry);
  if (!folded_.contains(kind) && folded_.size() >= params_.kinds_max) {
    entry = one_of_many(std::move(entry));
    kind = kind_of(entry);
  }
  const auto [found, is_first] = folded_.try_emplace(std::move(kind));
  Folded& folded = found->second;
  const std::int64_t count = folded.entry.count;
  if (is_first) folded.until = now + params_.within;
  folded.entry = entry;
  folded.entry.count = is_first ? 0 : count + entry.count;
  if (is_first) return entry;
  return std::nullopt;
}

std::vector<AuditEntry> RefusalFold::due(SteadyTime now) {
  std::vector<AuditEntry> entries;
  for (auto next = folded_.begin(); next != folded_.end();) {
    Folded& folded = next->second;
    const bool is_due = folded.until <= now;
    if (is_due && folded.entry.count > 0) entries.push_back(std::move(folded.entry));
    next = is_due ? folded_.erase(next) : std::next(next);
  }
  return entries;
}

}  // namespace waybill
