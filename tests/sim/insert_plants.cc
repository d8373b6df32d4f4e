// Mistakes with what is accepted, with limits and with time.

#include <algorithm>

#include "core/name_filter.h"
#include "core/priority.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/forwarding_reader.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Goes by other requests than it was given, but gives them back as they were: what is wrong is
/// only what it makes of them.
template <void (*kTwist)(TaskRequest&), void (*kUntwist)(TaskRequest&)>
class HidesATwist final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    for (Task& task : *tasks) kUntwist(task.request);
    return tasks;
  }

 protected:
  void twist(TaskRequest& request) override { kTwist(request); }
};
/// The reader beside it.
template <void (*kUntwist)(TaskRequest&)>
class ReadsUntwisted final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Task> get(const Uuid& id) override {
    auto task = inner_.get(id);
    if (task) kUntwist(task->request);
    return task;
  }
};

/// Keeps every key only as long as its task is live, or for ever.
void forget_the_scope(TaskRequest& request) { request.dedup_scope = DedupScope::live; }
void never_free_keys(TaskRequest& request) { request.dedup_scope = DedupScope::forever; }
/// As clients, scans and schedules ask for it.
void right_scope(TaskRequest& request) {
  const bool is_live = request.dedup_key.empty() || request.dedup_key.starts_with("live/");
  request.dedup_scope = is_live ? DedupScope::live : DedupScope::forever;
}

/// Does not see that two keys are the same.
void tell_keys_apart(TaskRequest& request) {
  if (!request.dedup_key.empty()) request.dedup_key += '#' + to_string(request.id);
}
void right_key(TaskRequest& request) {
  request.dedup_key.resize(std::min(request.dedup_key.size(), request.dedup_key.find('#')));
}

/// Says yes before it is on disk, and dies in between now and then.
class AcceptsBeforeItWrites final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (!rng_.chance(0.02)) return inner_.insert(requests);
    std::vector<Inserted> answers;
    for (const TaskRequest& request : requests) answers.push_back({.id = request.id});
    return answers;
  }
};

/// Inserts half of a call and fails.
class InsertsHalf final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (requests.size() < 2 || !rng_.chance(0.1)) return inner_.insert(requests);
    (void)inner_.insert(requests.first(1));
    return fail(Code::unavailable, "the disk was busy");
  }
};

/// Inserts as it should, and `kTwist` has its way with the answers.
template <void (*kTwist)(std::vector<Inserted>&)>
class TwistedAnswers final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    auto answers = inner_.insert(requests);
    if (answers && !answers->empty()) kTwist(*answers);
    return answers;
  }
};

void call_new_ones_duplicates(std::vector<Inserted>& answers) {
  answers.front().outcome = InsertOutcome::duplicate;
}
void misname_rivals(std::vector<Inserted>& answers) {
  for (Inserted& answer : answers) {
    if (answer.outcome == InsertOutcome::duplicate) answer.id = uuid_v5(answer.id, "another");
  }
}
void misname_new_ones(std::vector<Inserted>& answers) {
  for (Inserted& answer : answers) {
    if (answer.outcome == InsertOutcome::inserted) answer.id = uuid_v5(answer.id, "another");
  }
}
void answer_once_more(std::vector<Inserted>& answers) { answers.push_back(answers.back()); }

/// In the right order, so that only the limits are broken.
std::int64_t place_of(const Task& task) { return rank(task.request.priority, task.status.run_at); }

bool is_any(const TaskRequest&) { return true; }

/// Claims what is ready beyond what the ledger gave: of paused queues, or of a queue with a limit
/// that has just been reached.
enum class Beyond { pauses, limits };
template <Beyond kBeyond>
class ClaimsBeyond final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    const bool took = std::ranges::any_of(*tasks, is_limited);
    if (!params.only_ids.empty()) return tasks;
    std::vector<Task> ready = some({State::ready});
    std::ranges::sort(ready, {}, place_of);
    for (Task& task : ready) {
      if (!accepts(params.kinds, task.request.kind)) continue;
      if (tasks->size() >= params.limit) break;
      if (kBeyond == Beyond::pauses ? is_limited(task) : !(took && is_limited(task))) continue;
      const auto change = transition(
          task, event::Claim{.worker = params.worker, .lease = params.lease}, {.now = now()});
      if (!change) break;
      force(*change);
      task.status = change->after;
      tasks->push_back(task);
    }
    return tasks;
  }

 private:
  static bool is_limited(const Task& task) { return task.request.queue == "q2"; }
};

/// Never finds what is due.
class ForgetsTime final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    if (overdue) {
      std::erase_if(overdue->tasks,
                    [](const Task& task) { return task.status.state == State::scheduled; });
    }
    return overdue;
  }
};

}  // namespace

std::vector<Plant> insert_plants() {
  return {
      {.name = "LedgerForgetsTheDedupScope",
       .caught_by = Invariant::keys_apart,
       .says = "is live with key 'forever/",
       .ledger = wrong_ledger<HidesATwist<forget_the_scope, right_scope>>(),
       .reader = wrong_reader<ReadsUntwisted<right_scope>>()},
      {.name = "LedgerIgnoresDedupKeys",
       .caught_by = Invariant::keys_apart,
       .says = "is live with key",
       .ledger = wrong_ledger<HidesATwist<tell_keys_apart, right_key>>(),
       .reader = wrong_reader<ReadsUntwisted<right_key>>()},
      {.name = "LedgerAcknowledgesBeforeItInserts",
       .caught_by = Invariant::one_state,
       .says = "was accepted, but is not there",
       .ledger = wrong_ledger<AcceptsBeforeItWrites>()},
      {.name = "LedgerInsertsHalfOfACall",
       .caught_by = Invariant::one_state,
       .says = "insert failed but took effect",
       .ledger = wrong_ledger<InsertsHalf>()},
      {.name = "LedgerInventsTasks",
       .caught_by = Invariant::one_state,
       .says = "in insert, was never asked for",
       .ledger = wrong_ledger<AsksAgain<is_any>>()},
      {.name = "LedgerCallsNewTasksDuplicates",
       .caught_by = Invariant::one_state,
       .says = "were accepted, but",
       .ledger = wrong_ledger<TwistedAnswers<call_new_ones_duplicates>>()},
      {.name = "LedgerMisnamesTheRivalOfADuplicate",
       .caught_by = Invariant::one_state,
       .says = ", but is kept out by ",
       .ledger = wrong_ledger<TwistedAnswers<misname_rivals>>()},
      {.name = "LedgerMisnamesNewTasks",
       .caught_by = Invariant::one_state,
       .says = "was accepted, but is not there",
       .ledger = wrong_ledger<TwistedAnswers<misname_new_ones>>()},
      {.name = "LedgerAnswersOnceMore",
       .caught_by = Invariant::one_state,
       .says = "answers were given to",
       .ledger = wrong_ledger<TwistedAnswers<answer_once_more>>()},
      {.name = "LedgerNeverFreesKeys",
       .caught_by = Invariant::one_state,
       .says = ", but is kept out by nothing",
       .ledger = wrong_ledger<HidesATwist<never_free_keys, right_scope>>(),
       .reader = wrong_reader<ReadsUntwisted<right_scope>>()},
      {.name = "LedgerIgnoresPauses",
       .caught_by = Invariant::limits,
       .says = "was claimed from paused queue",
       .ledger = wrong_ledger<ClaimsBeyond<Beyond::pauses>>()},
      {.name = "LedgerIgnoresLimits",
       .caught_by = Invariant::limits,
       .says = "leases, its limit is",
       .ledger = wrong_ledger<ClaimsBeyond<Beyond::limits>>()},
      {.name = "RescuerForgetsWhatIsDue",
       .caught_by = Invariant::liveness,
       .says = "without faults",
       .controller_ledger = wrong_ledger<ForgetsTime>()},
  };
}

}  // namespace waybill::sim
