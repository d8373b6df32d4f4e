#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "core/access.h"
#include "http/answer.h"
#include "http/api/parts.h"

namespace waybill::http {

/// What the rules say within one call: one deadline for all of its tasks, and each question asked
/// once. For one thread.
class RuleCall {
 public:
  /// parts and who outlive it; the time runs from now on.
  RuleCall(const ApiParts& parts, const Principal& who);

  enum class StopAt { the_end, first_denied };
  /// Asks about all of these, several questions at a time. Which were not answered in time counts
  /// as not known.
  void ask(const std::vector<const TaskRequest*>& tasks, StopAt stop = StopAt::the_end);
  /// Refuses a task as check_rules does; from memory if it was asked before.
  Answer<void> check(const TaskRequest& task);
  /// The same for many that are all or none: a `forbidden` before an `unavailable`, whatever their
  /// order. The detail begins with the place of the task, "/tasks/3".
  Answer<void> check_all(const std::vector<const TaskRequest*>& tasks);

 private:
  RuleAnswer answer_to(const TaskRequest& task) const;

  const ApiParts& parts_;
  const Principal& who_;
  const Deadline deadline_;
  std::map<std::string, RuleAnswer> known_;  // by subject
};

/// For all questions of one call.
inline constexpr Duration kRuleCallPatience = std::chrono::seconds(10);

/// Refuses who may not by such an answer.
Answer<void> refuse_unless_allowed(const RuleAnswer& answer);

}  // namespace waybill::http
