// Every state against every event, with and without a cancel request, with counters at their limit
// and below it, with each kind of fence: what comes of it is written out in one table.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/transition.h"

namespace waybill {
namespace {

using std::chrono::seconds;

constexpr Time kNow = from_micros(1'800'000'000'000'000);
constexpr std::uint64_t kFence = 7;
constexpr std::uint32_t kFailuresMax = 4;
constexpr std::uint32_t kDeathsMax = 3;

/// The result that an earlier attempt left behind.
constexpr const char* kEarlier = R"({"earlier":1})";

/// Whether the next failure (or worker death) of the task is the last that it may have.
enum class Limit { any, below, reached };

struct Row {
  const char* name;
  Event event;
  // One letter for each state before, in the order blocked, Scheduled, Ready, Leased, succeeded,
  // failed, cancelled; it is the state after, or '-' aborted, or '!' failed_precondition.
  const char* without_cancel;
  const char* with_cancel;
  Limit limit = Limit::any;
  std::uint32_t waiting_for = 1;  ///< of a task that waits
};

const event::Fail kTransient{.fence = kFence, .error = "net down"};
const event::Fail kPermanent{.fence = kFence, .failure_class = FailureClass::permanent};

const event::Amend kLater{.by = "ann", .run_at = kNow + seconds(9)};
const event::Amend kAtOnce{.by = "ann", .run_at = kNow - seconds(9)};

// Leases run out and delays end just now.
// clang-format off
const Row kTable[] = {
    //                                                       bSRLsfc    bSRLsfc
    {"claim",             event::Claim{"w", seconds(30)},   "--L----", "--L----"},
    {"succeed",           event::Succeed{kFence, "{}"},     "---s---", "---s---"},
    {"fail, may retry",   kTransient,                       "---S---", "---c---", Limit::below},
    {"fail, last time",   kTransient,                       "---f---", "---c---", Limit::reached},
    {"fail for good",     kPermanent,                       "---f---", "---f---"},
    {"snooze",            event::Snooze{kFence, kNow + seconds(9)}, "---S---", "---c---"},
    {"snooze until now",  event::Snooze{kFence, kNow},      "---R---", "---c---"},
    {"give back",         event::GiveBack{kFence, "term"},  "---R---", "---c---"},
    {"confirm cancel",    event::ConfirmCancel{kFence, "{}"}, "---!---", "---c---"},
    {"expire",            event::Expire{},                  "---R---", "---c---", Limit::below},
    {"expire, last time", event::Expire{},                  "---f---", "---c---", Limit::reached},
    {"due",               event::Due{},                     "-R-----", "-R-----"},
    {"dependency, last",  event::DependencySucceeded{},     "R-----c", "R-----c"},
    {"dependency, other", event::DependencySucceeded{},     "b-----c", "b-----c", Limit::any, 2},
    {"cancel",            event::Cancel{"ann", "typo"},     "cccL!!!", "----!!!"},
    {"retry",             event::Retry{"ann"},              "!!!!!RR", "!!!!!RR", Limit::any, 0},
    {"amend priority",    event::Amend{"ann", 5},           "bRRL!!!", "!!!!!!!"},
    {"put off",           kLater,                           "bSS!!!!", "!!!!!!!"},
    {"put off, waiting",  kLater,                           "bSS!!!!", "!!!!!!!", Limit::any, 2},
    {"bring forward",     kAtOnce,                          "bRR!!!!", "!!!!!!!"},
    {"retry, waiting",    event::Retry{"ann"},              "!!!!!Rb", "!!!!!Rb"},
};
// clang-format on

constexpr std::string_view kLetters = "bSRLsfc";

struct Case {
  const Row* row = nullptr;
  State state = State::ready;
  bool cancel = false;
  bool failures_at_limit = false;
  bool deaths_at_limit = false;

  std::string name() const {
    return std::string(row->name) + " while " + std::string(to_string(state)) +
           (cancel ? ", cancel requested" : "") + (failures_at_limit ? ", failures at limit" : "") +
           (deaths_at_limit ? ", deaths at limit" : "");
  }
  char expected() const {
    return (cancel ? row->with_cancel : row->without_cancel)[static_cast<std::size_t>(state)];
  }
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Row& row : kTable) {
    for (int bits = 0; bits < 8; ++bits) {
      for (int state = 0; state < kStateCount; ++state) {
        const Case one{.row = &row,
                       .state = static_cast<State>(state),
                       .cancel = (bits & 1) != 0,
                       .failures_at_limit = (bits & 2) != 0,
                       .deaths_at_limit = (bits & 4) != 0};
        const bool reached = std::holds_alternative<event::Expire>(row.event)
                                 ? one.deaths_at_limit
                                 : one.failures_at_limit;
        if (row.limit == Limit::any || (row.limit == Limit::reached) == reached) {
          cases.push_back(one);
        }
      }
    }
  }
  return cases;
}

Task make_task(const Case& one) {
  Task task;
  task.request.id.bytes[0] = 1;
  task.request.kind = "noop";
  task.request.retry = {.failures_max = kFailuresMax, .worker_deaths_max = kDeathsMax};
  task.handle = 99;
  TaskStatus& status = task.status;
  status.state = one.state;
  status.revision = 12;
  status.fence = kFence;
  status.attempt = 7;
  status.failures = one.failures_at_limit ? kFailuresMax - 1 : 1;
  status.worker_deaths = one.deaths_at_limit ? kDeathsMax - 1 : 0;
  status.run_at = kNow;
  status.worker = "holder";
  status.result = kEarlier;
  if (one.state == State::blocked || one.state == State::cancelled) {
    status.waiting_for = one.row->waiting_for;
  }
  if (one.state == State::blocked && status.waiting_for == 0) status.waiting_for = 1;
  if (one.state == State::leased) status.lease_until = kNow;
  if (is_finished(one.state)) status.finished_at = kNow - seconds(60);
  if (one.cancel) status.cancel = {.requested_at = kNow - seconds(5), .by = "bob"};
  return task;
}

char letter_of(const Result<Change>& result) {
  if (result) return kLetters[static_cast<std::size_t>(result->after.state)];
  if (result.error().code == Code::aborted) return '-';
  return result.error().code == Code::failed_precondition ? '!' : '?';
}

template <class E>
bool is(const Event& event) {
  return std::holds_alternative<E>(event);
}

bool is_timed(const Event& event) {
  const auto* amend = std::get_if<event::Amend>(&event);
  return amend != nullptr && amend->run_at.has_value();
}

/// I1: in exactly one state, and all that hangs on the state agrees with it.
void expect_one_state(const Change& change, const Event& event) {
  const TaskStatus& after = change.after;
  EXPECT_EQ(after.lease_until != Time{}, after.state == State::leased);
  EXPECT_EQ(after.finished_at != Time{}, is_finished(after.state));
  EXPECT_TRUE(after.state != State::blocked || after.waiting_for > 0);
  EXPECT_TRUE(after.state != State::scheduled || after.run_at > kNow);
  if (is_finished(change.from.state) && after.state != change.from.state) {
    EXPECT_TRUE(is<event::Retry>(event)) << "only a person takes a task out of a final state";
  }
}

/// I2 and I3: a fence belongs to one lease, and a lease begins only where none runs.
void expect_fenced(const Task& task, const Change& change, const Event& event) {
  const TaskStatus& after = change.after;
  EXPECT_EQ(after.fence, kFence + (is<event::Claim>(event) ? 1 : 0));
  EXPECT_EQ(after.attempt, task.status.attempt + (is<event::Claim>(event) ? 1 : 0));
  if (after.state != State::leased) return;
  if (is<event::Claim>(event)) {
    EXPECT_EQ(change.from.state, State::ready);
    EXPECT_EQ(after.worker, "w");
    EXPECT_EQ(after.lease_until, kNow + seconds(30));
    EXPECT_EQ(after.started_at, kNow);
  } else {
    EXPECT_EQ(change.from.state, State::leased);
    EXPECT_EQ(after.lease_until, task.status.lease_until);
    EXPECT_EQ(after.worker, task.status.worker);
  }
}

/// Each counter is moved by its own event alone.
void expect_counted(const Task& task, const Change& change, const Event& event) {
  const TaskStatus& before = task.status;
  const TaskStatus& after = change.after;
  const auto* failure = std::get_if<event::Fail>(&event);
  const bool transient = failure != nullptr && failure->failure_class == FailureClass::transient;
  const bool anew = is<event::Retry>(event);
  EXPECT_EQ(after.failures, anew ? 0 : before.failures + (transient ? 1 : 0));
  EXPECT_EQ(after.worker_deaths,
            anew ? 0 : before.worker_deaths + (is<event::Expire>(event) ? 1 : 0));
  EXPECT_EQ(after.waiting_for,
            before.waiting_for - (is<event::DependencySucceeded>(event) ? 1 : 0));
  EXPECT_EQ(after.cancel.requested(),
            !anew && (before.cancel.requested() || is<event::Cancel>(event)));
}

/// A result belongs to the latest attempt: what ends one brings its own, and what begins another,
/// or ends a task that no attempt is running of, leaves none.
void expect_result(const Change& change, const Event& event) {
  std::string expected = kEarlier;
  if (const auto* success = std::get_if<event::Succeed>(&event)) expected = success->result;
  if (const auto* failure = std::get_if<event::Fail>(&event)) expected = failure->proof;
  if (const auto* cancel = std::get_if<event::ConfirmCancel>(&event)) expected = cancel->proof;
  if (is<event::Claim>(event) || is<event::Retry>(event)) expected.clear();
  if (is<event::Cancel>(event) && change.from.state != State::leased) expected.clear();
  EXPECT_EQ(change.after.result, expected);
}

/// What a ledger compares, and what history keeps.
void expect_recorded(const Task& task, const Change& change, const Event& event) {
  EXPECT_EQ(change.id, task.id());
  EXPECT_EQ(change.handle, task.handle);
  EXPECT_EQ(change.from.state, task.status.state);
  EXPECT_EQ(change.from.fence, task.status.fence);
  EXPECT_EQ(change.from.revision, task.status.revision);
  EXPECT_EQ(change.after.revision, task.status.revision + 1);
  EXPECT_EQ(change.from_lease_until.has_value(), is<event::Expire>(event));
  EXPECT_EQ(change.priority.has_value(), is<event::Amend>(event) && !is_timed(event));
  EXPECT_EQ(change.from_lease_until.value_or(task.status.lease_until), task.status.lease_until);
  EXPECT_EQ(change.entry.at, kNow);
  EXPECT_EQ(change.entry.state, change.after.state);
  EXPECT_EQ(change.entry.fence, change.after.fence);
  EXPECT_EQ(change.entry.attempt, change.after.attempt);
}

TEST(TransitionTable, EveryStateMeetsEveryEvent) {
  for (const Case& one : all_cases()) {
    SCOPED_TRACE(one.name());
    const Task task = make_task(one);
    const auto change = transition(task, one.row->event, {.now = kNow});
    EXPECT_EQ(letter_of(change), one.expected());
    if (!change) continue;
    expect_one_state(*change, one.row->event);
    expect_fenced(task, *change, one.row->event);
    expect_counted(task, *change, one.row->event);
    expect_result(*change, one.row->event);
    expect_recorded(task, *change, one.row->event);
  }
}

TEST(TransitionTable, HoldsARowForEveryEvent) {
  std::vector<bool> seen(std::variant_size_v<Event>, false);
  for (const Row& row : kTable) seen[row.event.index()] = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0);
  // 21 rows in 7 states with and without a cancel request; four rows at one side of a limit.
  EXPECT_EQ(all_cases().size(), (17u * 8 + 4u * 4) * 7);
}

/// The event with another fence; nothing if it carries none.
std::optional<Event> with_fence(Event event, std::uint64_t fence) {
  const bool fenced = std::visit(
      [&](auto& alternative) {
        if constexpr (requires { alternative.fence; }) {
          alternative.fence = fence;
          return true;
        } else {
          return false;
        }
      },
      event);
  return fenced ? std::optional(event) : std::nullopt;
}

TEST(TransitionTable, AnyOtherFenceIsTurnedAwayInEveryState) {
  int refused = 0;
  for (const Case& one : all_cases()) {
    for (const std::uint64_t fence : {std::uint64_t{0}, kFence - 1, kFence + 1}) {
      const auto event = with_fence(one.row->event, fence);
      if (!event) continue;
      const auto change = transition(make_task(one), *event, {.now = kNow});
      EXPECT_EQ(letter_of(change), '-') << one.name() << " with fence " << fence;
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(TransitionTable, NothingFallsDueAMicrosecondEarly) {
  const Moment early{.now = kNow - Duration(1)};
  for (const Case& one : all_cases()) {
    if (!is<event::Expire>(one.row->event) && !is<event::Due>(one.row->event)) continue;
    EXPECT_EQ(letter_of(transition(make_task(one), one.row->event, early)), '-') << one.name();
  }
}

TEST(TransitionTable, ARetryWaitsAsLongAsPolicyAndWorkerAsk) {
  const Case leased{.row = kTable, .state = State::leased};
  Task task = make_task(leased);
  task.request.retry.backoff_first = seconds(4);
  task.request.retry.jitter = 0.5;
  event::Fail failure = kTransient;
  // The second failure: 8 s, and half of half of it as jitter.
  auto change = transition(task, failure, {.now = kNow, .chance = 0.5});
  EXPECT_EQ(change->after.run_at, kNow + seconds(10));
  failure.retry_after = seconds(60);
  change = transition(task, failure, {.now = kNow, .chance = 0.5});
  EXPECT_EQ(change->after.run_at, kNow + seconds(60));
}

TEST(TransitionTable, ATaskThatComesBackAtOnceKeepsItsPlace) {
  const Case leased{.row = kTable, .state = State::leased};
  Task task = make_task(leased);
  task.status.run_at = kNow - seconds(100);
  for (const Event& event : {Event(event::Expire{}), Event(event::GiveBack{.fence = kFence})}) {
    EXPECT_EQ(transition(task, event, {.now = kNow})->after.run_at, kNow - seconds(100));
  }
}

TEST(TransitionTable, AnAmendmentSaysWhatItChangesAndWhoAskedForIt) {
  const Case ready{.row = kTable, .state = State::ready};
  Task task = make_task(ready);
  task.request.priority = -2;
  const auto change =
      transition(task, event::Amend{.by = "token:ops", .priority = 5, .run_at = kNow + seconds(9)},
                 {.now = kNow});
  EXPECT_EQ(change->priority, 5);
  EXPECT_EQ(change->after.run_at, kNow + seconds(9));
  EXPECT_EQ(change->entry.reason, "priority -2 to 5, run_at " + format_time(kNow) + " to " +
                                      format_time(kNow + seconds(9)) + ", by token:ops");
}

TEST(TransitionTable, AnAmendmentOfAReadyTaskLeavesItItsPlace) {
  const Case ready{.row = kTable, .state = State::ready};
  Task task = make_task(ready);
  task.status.run_at = kNow - seconds(100);
  for (const event::Amend& amend : {event::Amend{.by = "ann", .priority = 5}, kAtOnce}) {
    EXPECT_EQ(transition(task, amend, {.now = kNow})->after.run_at, kNow - seconds(100));
  }
}

TEST(TransitionTable, ATaskThatIsBroughtForwardWaitsSinceThen) {
  for (const State state : {State::scheduled, State::blocked}) {
    const Case one{.row = kTable, .state = state};
    Task task = make_task(one);
    task.status.run_at = kNow + seconds(100);
    EXPECT_EQ(transition(task, kAtOnce, {.now = kNow})->after.run_at, kNow);
    const event::Amend only_priority{.by = "ann", .priority = 1};
    EXPECT_EQ(transition(task, only_priority, {.now = kNow})->after.state, state);
    EXPECT_EQ(transition(task, only_priority, {.now = kNow})->after.run_at, kNow + seconds(100));
  }
}

TEST(TransitionTable, AnAmendmentThatSaysNothingOrTooMuchIsRefused) {
  const Task task = make_task({.row = kTable, .state = State::ready});
  for (const event::Amend& amend :
       {event::Amend{.by = "ann"}, event::Amend{.by = "ann", .priority = kPriorityMax + 1},
        event::Amend{.by = "ann", .priority = kPriorityMin - 1}}) {
    EXPECT_EQ(transition(task, amend, {.now = kNow}).error().code, Code::invalid_argument);
  }
}

TEST(TransitionTable, ATaskThatWaitedIsHeldBackUntilItsTime) {
  const Case blocked{.row = kTable, .state = State::blocked};
  Task task = make_task(blocked);
  task.status.run_at = kNow + seconds(1);
  const auto change = transition(task, event::DependencySucceeded{}, {.now = kNow});
  EXPECT_EQ(change->after.state, State::scheduled);
  EXPECT_EQ(change->after.run_at, kNow + seconds(1));
}

TEST(Accept, TheFirstStateFollowsFromWhatItWaitsFor) {
  TaskRequest request{.created_by = "cli:ann"};
  EXPECT_EQ(accept(request, 0, kNow).status.state, State::ready);
  EXPECT_EQ(accept(request, 2, kNow).status.state, State::blocked);
  EXPECT_EQ(accept(request, 2, kNow).status.waiting_for, 2u);
  request.run_at = kNow;
  EXPECT_EQ(accept(request, 0, kNow).status.state, State::ready);
  request.run_at = kNow + Duration(1);
  EXPECT_EQ(accept(request, 0, kNow).status.state, State::scheduled);
  EXPECT_EQ(accept(request, 1, kNow).status.state, State::blocked);
  const auto entry = accept(request, 0, kNow).entry;
  EXPECT_EQ(entry.happening, Happening::created);
  EXPECT_EQ(entry.state, State::scheduled);
  EXPECT_EQ(entry.reason, "cli:ann");
}

TEST(Accept, AnOldRunAtDoesNotOvertakeThoseWhoWaited) {
  TaskRequest request;
  request.run_at = kNow - seconds(1000);
  EXPECT_EQ(accept(request, 0, kNow).status.run_at, kNow);
}

}  // namespace
}  // namespace waybill
