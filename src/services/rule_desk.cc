#include "services/rule_desk.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "core/run_prefix.h"

namespace waybill {
namespace {

constexpr Duration kPutOffFirst = std::chrono::minutes(1);
constexpr Duration kPutOffMax = std::chrono::minutes(15);
/// Who was put off and is asked about again only later than this was not asked about meanwhile.
constexpr Duration kAskedAgainMax = 2 * kPutOffMax;
constexpr std::string_view kNotKnownSince = "not known since ";
constexpr std::size_t kReasonBytesMax = 500;

RuleAnswer not_known(const std::string& why) { return {RuleAnswer::Is::unknown, why}; }

std::string reason_since(Time since, const std::string& because) {
  const std::string all =
      std::string(kNotKnownSince) + format_time(since) + ": " + mend_utf8(because);
  return std::string(utf8_prefix(all, kReasonBytesMax));
}

/// How long a task is put off at `now`.
Duration put_off_for(Time since, Time now) {
  return std::clamp<Duration>(now - since, kPutOffFirst, kPutOffMax);
}

/// Since when a claimed task was put off time and again; `now` if this is the first, or nobody was
/// there to ask for a while.
Result<Time> not_known_since(const Task& task, LedgerReader& reader, Time now) {
  const auto history = reader.history(task.id());
  if (!history) return fail(history.error());
  const auto last = std::find_if(history->rbegin(), history->rend(), [](const HistoryEntry& entry) {
    return entry.happening != Happening::claimed && entry.happening != Happening::due;
  });
  if (last == history->rend() || last->happening != Happening::snoozed) return now;
  std::string_view reason = last->reason;
  if (!reason.starts_with(kNotKnownSince)) return now;
  reason.remove_prefix(kNotKnownSince.size());
  const auto since = parse_time(std::string(reason.substr(0, reason.find(": "))));
  if (!since) return now;
  const Time ended = last->at + put_off_for(*since, last->at);
  return now - ended < kAskedAgainMax ? std::min(*since, now) : now;
}

/// Of a task of which it is not known whether it may be run.
Event put_off(const Task& task, const std::string& because, LedgerReader& reader, Time now) {
  // Where that cannot be read either it is put off without an end, until it can.
  const Time since = not_known_since(task, reader, now).value_or(now);
  if (now - since >= kNotKnownMax) {
    return event::Fail{.fence = task.status.fence,
                       .failure_class = FailureClass::permanent,
                       .error = "not run: for " + format_duration(kNotKnownMax) + " " + because};
  }
  return event::Snooze{.fence = task.status.fence,
                       .until = now + put_off_for(since, now),
                       .reason = reason_since(since, because)};
}

/// How bad an answer is: no is worse than not knowing.
int badness(const RuleAnswer& answer) {
  switch (answer.is) {
    case RuleAnswer::Is::allowed:
      return 0;
    case RuleAnswer::Is::unknown:
      return 1;
    case RuleAnswer::Is::denied:
      return 2;
  }
  return 2;
}

}  // namespace

std::vector<WhoMay> RuleDesk::rules_of(const TaskRequest& task) const {
  std::vector<WhoMay> rules;
  const auto now = parts_.definitions();
  const auto definition = now->tasks.find(task.definition);
  if (definition != now->tasks.end() && definition->second.who_may) {
    rules.push_back(*definition->second.who_may);
  }
  const auto queue = now->queue_rules.find(task.queue);
  if (queue != now->queue_rules.end()) rules.push_back(queue->second);
  return rules;
}

std::string RuleDesk::subject_of(const TaskRequest& task) const {
  std::string subject;
  for (const WhoMay& rule : rules_of(task)) {
    // No name of a repository has a line's end in it; those of definitions and queues neither.
    if (subject.empty()) subject = task.definition + "\n" + task.queue;
    subject += "\n" + repository_for(rule, task.params).value_or("");
  }
  return subject;
}

Standing RuleDesk::standing(const Asked& asked, const WhoMay& rule, const std::string& repository,
                            const Deadline& deadline) {
  if (!asked.person || asked.person->identity.provider != rule.provider) return {};
  const auto keeper = parts_.keepers == nullptr ? nullptr : parts_.keepers->find(rule.provider);
  if (keeper == nullptr || parts_.logins == nullptr) {
    return {.is = Standing::Is::unknown,
            .problem = "the login file has no provider " + rule.provider + " of GitHub's kind"};
  }
  const Identity& identity = asked.person->identity;
  return keeper->standing({.repository = repository,
                           .login = identity.login,
                           .subject = identity.subject,
                           .token = parts_.logins->access_token(*asked.person).value_or(""),
                           .wanted = rule.permission,
                           .age_max = asked.age_max},
                          deadline);
}

RuleAnswer RuleDesk::check(const Asked& asked, const WhoMay& rule, const TaskRequest& task,
                           const Deadline& deadline) {
  RuleQuestion question{.who = asked.who,
                        .repository = repository_for(rule, task.params).value_or(""),
                        .standing = {},
                        .now = parts_.clock.now(),
                        .is_oneself = asked.is_oneself};
  if (!question.repository.empty() && !fits_without_asking(rule, asked.who)) {
    question.standing = standing(asked, rule, question.repository, deadline);
    question.now = parts_.clock.now();
  }
  return check_rule(rule, question);
}

/// Who answers for a task: who retried it last, or else who made it, or started its run.
Result<std::string> RuleDesk::answers_for(const Task& task, LedgerReader& reader) const {
  const std::string& by = task.request.created_by;
  if (parts_.runs != nullptr && by.starts_with(kRunPrefix)) {
    const auto id = parse_uuid(by.substr(kRunPrefix.size()));
    if (!id) return by;
    const auto run = parts_.runs->get(*id);
    if (run) return run->created_by;
    // A run that retention has removed has no step that is still to be run.
    if (run.error().code == Code::not_found) return by;
    return fail(run.error());
  }
  const auto history = reader.history(task.id());
  if (!history) return fail(history.error());
  const auto last = std::find_if(history->rbegin(), history->rend(), [](const HistoryEntry& entry) {
    return entry.happening == Happening::retried;
  });
  return last == history->rend() ? by : last->reason;
}

RuleAnswer RuleDesk::worst(const Asked& asked, const std::vector<WhoMay>& rules,
                           const TaskRequest& task, const Deadline& deadline) {
  std::optional<RuleAnswer> worst;
  for (const WhoMay& rule : rules) {
    RuleAnswer answer = check(asked, rule, task, deadline);
    if (!worst || badness(answer) > badness(*worst)) worst = std::move(answer);
  }
  return worst.value_or(RuleAnswer{});
}

std::optional<RuleAnswer> RuleDesk::may(const Principal& who, const TaskRequest& task,
                                        const Deadline& deadline) {
  const std::vector<WhoMay> rules = rules_of(task);
  if (rules.empty()) return std::nullopt;
  auto person = parts_.people.person(who.name);
  if (!person) return not_known("it is not known who you are: " + person.error().message);
  return worst({.who = who, .person = std::move(*person), .age_max = std::nullopt}, rules, task,
               deadline);
}

RuleAnswer RuleDesk::may_by(const Principal& who, const WhoMay& rule, const std::string& params,
                            const Deadline& deadline) {
  auto person = parts_.people.person(who.name);
  if (!person) return not_known("it is not known who you are: " + person.error().message);
  TaskRequest about;
  about.params = params;
  return check({.who = who, .person = std::move(*person), .age_max = std::nullopt}, rule, about,
               deadline);
}

std::optional<RuleAnswer> RuleDesk::may_run(const Task& task, LedgerReader& reader,
                                            const Deadline& deadline) {
  const std::vector<WhoMay> rules = rules_of(task.request);
  if (rules.empty()) return std::nullopt;
  const auto name = answers_for(task, reader);
  if (!name) return not_known("it is not known who answers for it: " + name.error().message);
  auto person = parts_.people.person(*name);
  if (!person) return not_known("it is not known who answers for it: " + person.error().message);
  if (!*person) return std::nullopt;
  if (parts_.logins == nullptr) {
    return not_known(*name + " has logged in, and this process has no --login to ask with");
  }
  const LoginSettings& settings = parts_.logins->settings();
  const auto role = role_of(settings, (*person)->identity);
  if (!role) {
    return RuleAnswer{RuleAnswer::Is::denied,
                      "no rule of this server lets " + *name + " in any more"};
  }
  return worst({.who = {.name = *name, .role = *role},
                .person = std::move(*person),
                .age_max = settings.rights_before_run,
                .is_oneself = false},
               rules, task.request, deadline);
}

std::vector<Task> let_run(RuleDesk& rules, WorkLedger& ledger, LedgerReader& reader,
                          std::vector<Task> claimed, const Deadline& deadline) {
  std::vector<Task> kept;
  std::vector<Change> changes;
  for (Task& task : claimed) {
    const auto answer = rules.may_run(task, reader, deadline);
    if (!answer || answer->is == RuleAnswer::Is::allowed) {
      kept.push_back(std::move(task));
      continue;
    }
    const bool denied = answer->is == RuleAnswer::Is::denied;
    log::warn(denied ? "task_not_allowed" : "task_put_off", answer->because,
              {{"task", to_string(task.id())}});
    const Time now = ledger.now();
    const Event event = denied ? Event(event::Fail{.fence = task.status.fence,
                                                   .failure_class = FailureClass::permanent,
                                                   .error = "not run: " + answer->because})
                               : put_off(task, answer->because, reader, now);
    auto change = transition(task, event, {.now = now, .chance = 0});
    if (change) changes.push_back(std::move(*change));
  }
  if (changes.empty()) return kept;
  // What cannot be recorded comes back when its lease has run out, and is asked about again.
  if (const auto applied = ledger.apply(changes); !applied) {
    log::warn("rules_not_recorded", applied.error().message);
  }
  return kept;
}

Result<std::vector<Task>> RuledWork::claim(const ClaimParams& params) {
  auto claimed = inner_.claim(params);
  if (!claimed) return claimed;
  return let_run(rules_, inner_, reader_, std::move(*claimed),
                 {.at = clock_.steady_now() + rule_patience(params.lease)});
}

Duration rule_patience(Duration lease) { return std::min<Duration>(lease / 3, kRulePatience); }

}  // namespace waybill
