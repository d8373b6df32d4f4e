// What the ledger tells of itself is wrong: its events, tasks and counts.

#include <algorithm>

#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Passes every call on. A wrong reader overrides what it gets wrong.
class ForwardingReader : public LedgerReader {
 public:
  explicit ForwardingReader(LedgerReader& inner) : inner_(inner) {}

  Result<Task> get(const Uuid& id) override { return inner_.get(id); }
  Result<std::vector<HistoryEntry>> history(const Uuid& id) override { return inner_.history(id); }
  Result<TaskPage> page(const PageParams& params) override { return inner_.page(params); }
  Result<std::vector<QueueCounts>> counts() override { return inner_.counts(); }
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    return inner_.events(after, limit);
  }
  Result<std::uint64_t> last_sequence(std::optional<std::uint64_t> past,
                                      const Deadline& deadline) override {
    return inner_.last_sequence(past, deadline);
  }
  Result<std::vector<Dependency>> dependencies(const Uuid& id) override {
    return inner_.dependencies(id);
  }
  Result<Reported> reported(const Uuid& id) override { return inner_.reported(id); }
  Result<std::size_t> ahead(const Uuid& id, std::size_t limit) override {
    return inner_.ahead(id, limit);
  }

 protected:
  LedgerReader& inner_;
};

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

class CountsOneMore final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<std::vector<QueueCounts>> counts() override {
    auto counts = inner_.counts();
    if (counts && !counts->empty()) counts->front().by_state[0] += 1;
    return counts;
  }
};

template <class Wrong>
auto wrong_reader() {
  return [](LedgerReader& inner) -> std::unique_ptr<LedgerReader> {
    return std::make_unique<Wrong>(inner);
  };
}

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
      {.name = "LedgerCountsOneTaskMore",
       .caught_by = Invariant::one_state,
       .says = "counts",
       .reader = wrong_reader<CountsOneMore>()},
  };
}

}  // namespace waybill::sim
