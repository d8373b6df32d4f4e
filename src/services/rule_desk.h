#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "core/definition.h"
#include "core/permission.h"
#include "core/task.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/people_store.h"
#include "ports/run_store.h"
#include "services/login_desk.h"
#include "services/permission_keeper.h"

namespace waybill {

/// What a RuleDesk goes by; all of it outlives the desk.
struct RuleDeskParts {
  CurrentDefinitions definitions;
  PeopleStore& people;
  LoginDesk* logins = nullptr;                 ///< null: nobody logs in
  const PermissionKeepers* keepers = nullptr;  ///< null: there are none
  Clock& clock;
  RunStore* runs = nullptr;  ///< says who started the run that a task is a step of; null: nobody
};

/// Says who may start, cancel and retry which tasks: those whom the rule of the task's definition
/// and the rule of its queue both let. Rules are those of now, not those of when a task was made.
/// Thread-safe; blocks where a repository has to be asked about.
class RuleDesk {
 public:
  explicit RuleDesk(RuleDeskParts parts) : parts_(std::move(parts)) {}

  /// For who asks; none: no rule speaks of such a task.
  std::optional<RuleAnswer> may(const Principal& who, const TaskRequest& task,
                                const Deadline& deadline);
  /// The same by one rule, for what is no task; `params`: a JSON object that it may be about.
  RuleAnswer may_by(const Principal& who, const WhoMay& rule, const std::string& params,
                    const Deadline& deadline);
  /// What `may` goes by, of a task: the same person gets the same answer for two of the same
  /// subject. Empty: no rule speaks of such a task.
  std::string subject_of(const TaskRequest& task) const;
  /// Whether a task may be run for the person who made it, who started its run, or who retried it
  /// last; asked again if
  /// what is known is older than some seconds. None: no rule speaks of it, or those who answer for
  /// it are no people: what they made was judged when it was accepted.
  std::optional<RuleAnswer> may_run(const Task& task, LedgerReader& reader,
                                    const Deadline& deadline);

 private:
  struct Asked {
    Principal who;
    std::optional<PersonRecord> person;
    std::optional<Duration> age_max;
    bool is_oneself = true;
  };

  Result<std::string> answers_for(const Task& task, LedgerReader& reader) const;
  std::vector<WhoMay> rules_of(const TaskRequest& task) const;
  RuleAnswer worst(const Asked& asked, const std::vector<WhoMay>& rules, const TaskRequest& task,
                   const Deadline& deadline);
  RuleAnswer check(const Asked& asked, const WhoMay& rule, const TaskRequest& task,
                   const Deadline& deadline);
  Standing standing(const Asked& asked, const WhoMay& rule, const std::string& repository,
                    const Deadline& deadline);

  const RuleDeskParts parts_;
};

/// How long a task is put off of which it is not known whether it may be run, before it is failed.
inline constexpr Duration kNotKnownMax = std::chrono::hours(24);

/// Of tasks that were claimed just now, those that may be run. One that may not be is failed for
/// good with the reason; one of which that is not known is put off: for a minute at first, for up
/// to 15 later, and for kNotKnownMax in all.
std::vector<Task> let_run(RuleDesk& rules, WorkLedger& ledger, LedgerReader& reader,
                          std::vector<Task> claimed, const Deadline& deadline);

/// A ledger whose claims give only what the rules let run. All outlive it.
class RuledWork final : public WorkLedger {
 public:
  RuledWork(RuleDesk& rules, WorkLedger& inner, LedgerReader& reader, Clock& clock)
      : rules_(rules), inner_(inner), reader_(reader), clock_(clock) {}

  Time now() const override { return inner_.now(); }
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    return inner_.apply(changes);
  }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    return inner_.extend(extensions);
  }
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    return inner_.record(reports);
  }

 private:
  RuleDesk& rules_;
  WorkLedger& inner_;
  LedgerReader& reader_;
  Clock& clock_;
};

/// For what a provider says of somebody's rights, while a person waits.
inline constexpr Duration kRulePatience = std::chrono::seconds(5);
/// How long a claim may be held up by questions: well within its lease.
Duration rule_patience(Duration lease);

}  // namespace waybill
