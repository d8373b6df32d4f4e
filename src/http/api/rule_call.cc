#include "http/api/rule_call.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/parallel.h"

namespace waybill::http {
namespace {

constexpr Duration kRetry = std::chrono::seconds(5);
/// Questions to a provider at the same time, of one call.
constexpr std::size_t kAtOnce = 8;

}  // namespace

RuleCall::RuleCall(const ApiParts& parts, const Principal& who)
    : parts_(parts), who_(who), deadline_{.at = parts.clock.steady_now() + kRuleCallPatience} {}

RuleAnswer RuleCall::answer_to(const TaskRequest& task) const {
  if (parts_.clock.steady_now() >= deadline_.at) {
    return {RuleAnswer::Is::unknown,
            "it is not known whether you may: there was no time left to ask; ask again, for fewer "
            "repositories at a time"};
  }
  return parts_.rules->may(who_, task, deadline_).value_or(RuleAnswer{});
}

void RuleCall::ask(const std::vector<const TaskRequest*>& tasks, StopAt stop) {
  if (parts_.rules == nullptr) return;
  std::set<std::string> seen;
  std::vector<std::pair<std::string, const TaskRequest*>> open;
  for (const TaskRequest* task : tasks) {
    std::string subject = parts_.rules->subject_of(*task);
    if (subject.empty() || known_.contains(subject) || !seen.insert(subject).second) continue;
    open.emplace_back(std::move(subject), task);
  }
  for (std::size_t begin = 0; begin < open.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, open.size() - begin);
    std::vector<RuleAnswer> answers(count);
    in_parallel(count, kAtOnce,
                [&](std::size_t i) { answers[i] = answer_to(*open[begin + i].second); });
    bool any_denied = false;
    for (std::size_t i = 0; i < count; ++i) {
      any_denied = any_denied || answers[i].is == RuleAnswer::Is::denied;
      known_.emplace(std::move(open[begin + i].first), std::move(answers[i]));
    }
    // That is the answer to the whole call: the provider is asked no more than it needs.
    if (any_denied && stop == StopAt::first_denied) return;
  }
}

Answer<void> RuleCall::check(const TaskRequest& task) {
  if (parts_.rules == nullptr) return {};
  const std::string subject = parts_.rules->subject_of(task);
  if (subject.empty()) return {};
  auto known = known_.find(subject);
  if (known == known_.end()) known = known_.emplace(subject, answer_to(task)).first;
  return refuse_unless_allowed(known->second);
}

Answer<void> RuleCall::check_all(const std::vector<const TaskRequest*>& tasks) {
  if (parts_.rules == nullptr) return {};
  ask(tasks, StopAt::first_denied);
  const auto first = [&](RuleAnswer::Is wanted) -> Answer<void> {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      // After a refusal those that were not asked about do not matter.
      const auto known = known_.find(parts_.rules->subject_of(*tasks[i]));
      if (known == known_.end() || known->second.is != wanted) continue;
      Answer<void> may = refuse_unless_allowed(known->second);
      may.error().detail = "/tasks/" + std::to_string(i) + ": " + may.error().detail;
      return may;
    }
    return {};
  };
  if (Answer<void> denied = first(RuleAnswer::Is::denied); !denied) return denied;
  return first(RuleAnswer::Is::unknown);
}

Answer<void> refuse_unless_allowed(const RuleAnswer& answer) {
  if (answer.is == RuleAnswer::Is::allowed) return {};
  const bool denied = answer.is == RuleAnswer::Is::denied;
  return refuse(Error{
      .code = denied ? Code::permission_denied : Code::unavailable,
      .message = answer.because,
      .retry_after = denied ? std::nullopt : std::optional<std::chrono::microseconds>(kRetry)});
}

}  // namespace waybill::http
