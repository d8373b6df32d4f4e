// What the ledger tells of itself is wrong: its events, tasks and counts.

#include <algorithm>

#include "tests/sim/forwarding_reader.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Tells every event after `kTwist` had its way with it.
template <void (*kTwist)(LedgerEvent&)>
class TwistedEvents final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    auto events = inner_.events(after, limit);
    if (events) std::ranges::for_each(*events, kTwist);
    return events;
  }
};

void count_an_attempt_twice(LedgerEvent& event) {
  if (event.entry.happening == Happening::claimed) event.entry.attempt += 1;
}
void fail_without_an_end(LedgerEvent& event) {
  if (event.entry.happening == Happening::failed) event.entry.state = State::ready;
}
void revive(LedgerEvent& event) {
  const bool waited = event.entry.happening == Happening::dependency_succeeded;
  if (waited && event.entry.state == State::cancelled) event.entry.state = State::ready;
}
void unblock(LedgerEvent& event) {
  const bool waited = event.entry.happening == Happening::dependency_succeeded;
  if (waited && event.entry.state == State::blocked) event.entry.state = State::ready;
}

class CreatesTwice final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    auto events = inner_.events(after, limit);
    if (!events || events->empty()) return events;
    const LedgerEvent last = events->back();
    if (last.entry.happening == Happening::created) events->push_back(last);
    return events;
  }
};

class TellsAnotherState final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Task> get(const Uuid& id) override {
    auto task = inner_.get(id);
    if (task && task->status.state == State::succeeded) task->status.state = State::failed;
    return task;
  }
};

class TellsOtherLabels final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Task> get(const Uuid& id) override {
    auto task = inner_.get(id);
    if (task && is_finished(task->status.state)) task->request.labels.clear();
    return task;
  }
};

class CountsOneMore final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<std::vector<QueueCounts>> counts() override {
    auto counts = inner_.counts();
    if (counts && !counts->empty()) counts->front().by_state[0] += 1;
    return counts;
  }
};

}  // namespace

std::vector<Plant> reader_plants() {
  return {
      {.name = "LedgerCountsAnAttemptTwice",
       .caught_by = Invariant::attempts,
       .says = "attempts count by one",
       .reader = wrong_reader<TwistedEvents<count_an_attempt_twice>>()},
      {.name = "LedgerFailsATaskWithoutAnEnd",
       .caught_by = Invariant::one_state,
       .says = "it went to ready",
       .reader = wrong_reader<TwistedEvents<fail_without_an_end>>()},
      {.name = "LedgerRevivesACancelledWaiter",
       .caught_by = Invariant::unblocks_once,
       .says = "a cancelled task came back to life",
       .reader = wrong_reader<TwistedEvents<revive>>()},
      {.name = "LedgerUnblocksByTheFirstSuccess",
       .caught_by = Invariant::unblocks_once,
       .says = "of what it waits for is missing",
       .reader = wrong_reader<TwistedEvents<unblock>>()},
      {.name = "LedgerCreatesATaskTwice",
       .caught_by = Invariant::one_state,
       .says = "a task is created once, and first",
       .reader = wrong_reader<CreatesTwice>()},
      {.name = "LedgerTellsAnotherState",
       .caught_by = Invariant::one_state,
       .says = "its history says",
       .reader = wrong_reader<TellsAnotherState>()},
      {.name = "LedgerTellsOtherLabels",
       .caught_by = Invariant::kept,
       .says = "its labels, in the end, is not what was asked for",
       .reader = wrong_reader<TellsOtherLabels>()},
      {.name = "LedgerCountsOneTaskMore",
       .caught_by = Invariant::one_state,
       .says = "counts",
       .reader = wrong_reader<CountsOneMore>()},
  };
}

}  // namespace waybill::sim
