#include "services/queue_allowance.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace waybill {

QueueAllowance::Named& QueueAllowance::named_by(const std::string& name, SteadyTime now) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    if (now - found->second.since >= params_.within) found->second = {.since = now, .queues = {}};
    return found->second;
  }
  if (by_name_.size() >= params_.names_max) {
    // Whoever has made the fewest gets the least for nothing.
    by_name_.erase(std::ranges::min_element(
        by_name_, {}, [](const auto& entry) { return entry.second.queues.size(); }));
  }
  return by_name_.emplace(name, Named{.since = now, .queues = {}}).first->second;
}

std::unordered_set<std::string> QueueAllowance::unknown(
    const std::vector<std::string_view>& queues) const {
  std::unordered_set<std::string> some;
  for (const std::string_view queue : queues) {
    if (std::string name(queue); !known_.contains(name)) some.insert(std::move(name));
  }
  return some;
}

Status QueueAllowance::learn(const Read& read, SteadyTime now) {
  auto queues = read();
  if (!queues) return fail(queues.error());
  known_ = {std::make_move_iterator(queues->begin()), std::make_move_iterator(queues->end())};
  known_at_ = now;
  return {};
}

Result<QueueAllowance::Taken> QueueAllowance::take(const std::string& name,
                                                   const std::vector<std::string_view>& queues,
                                                   const Read& read) {
  // Held while the ledger is read: whoever else comes meanwhile would only read the same.
  const Lock lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  if (unknown(queues).empty()) return Taken{};
  if (!known_at_ || now - *known_at_ >= params_.known_for) {
    if (Status learned = learn(read, now); !learned) return fail(learned.error());
  }
  const auto fresh = unknown(queues);
  if (fresh.empty()) return Taken{};
  if (known_.size() + fresh.size() > params_.all_max) return Taken{.let = Let::few_left};
  Named& named = named_by(name, now);
  if (named.queues.size() + fresh.size() > params_.queues_max) {
    return Taken{.let = Let::made_too_many};
  }
  named.queues.insert(fresh.begin(), fresh.end());
  known_.insert(fresh.begin(), fresh.end());
  return Taken{.queues = {fresh.begin(), fresh.end()}};
}

void QueueAllowance::give_back(const std::string& name, const std::vector<std::string>& queues) {
  const Lock lock(mutex_);
  const auto found = by_name_.find(name);
  for (const std::string& queue : queues) {
    known_.erase(queue);
    if (found != by_name_.end()) found->second.queues.erase(queue);
  }
}

}  // namespace waybill
