// Random calls under a seed, made to the ledger under test and to FakeLedger alike: each answer and
// all that readers see must be the same.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "testing/fake_ledger.h"
#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

constexpr int kSeeds = 12;
constexpr int kCalls = 150;
constexpr int kTasks = 40;

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : std::string(to_string(result.error().code));
}

std::vector<std::string> codes_of(const Result<std::vector<Status>>& answers) {
  std::vector<std::string> codes;
  if (!answers) return {code_of(answers)};
  for (const Status& answer : *answers) codes.push_back(code_of(answer));
  return codes;
}

/// The ledger's own shortcut, Task::handle, may differ.
bool same(const std::vector<Task>& left, const std::vector<Task>& right) {
  return std::ranges::equal(left, right, [](const Task& a, const Task& b) {
    return a.request == b.request && a.created_at == b.created_at && a.status == b.status;
  });
}

/// Both ledgers, and the dice.
class Pair {
 public:
  Pair(LedgerSubject& subject, SimClock& clock, std::uint64_t seed)
      : subject_(subject), clock_(clock), model_(clock), rng_(seed) {}

  void call();
  void compare_all();

 private:
  void insert();
  void claim();
  void apply();
  void beat();
  void report();
  void look_for_overdue();
  void remove();
  void set_queue();
  void remember(const std::vector<Task>& tasks);
  void read_again();
  TaskRequest any_request();
  Uuid any_id() { return task_id(static_cast<int>(1 + rng_.below(kTasks))); }
  std::string any_of(const char* first, const char* second) {
    return rng_.chance(0.5) ? first : second;
  }
  Duration up_to(Duration longest) {
    return Duration(
        static_cast<Duration::rep>(rng_.below(static_cast<std::uint64_t>(longest.count()))));
  }
  Event any_event(const Task& task);

  LedgerSubject& subject_;
  SimClock& clock_;
  FakeLedger model_;
  Rng rng_;
  std::map<Uuid, Task> known_;  // as last read: often out of date, as a caller's are
};

void Pair::call() {
  clock_.advance(up_to(8s));
  const std::uint64_t roll = rng_.below(20);
  if (roll < 4) return insert();
  if (roll < 8) return claim();
  if (roll < 13) return apply();
  if (roll < 14) return beat();
  if (roll < 15) return report();
  if (roll < 17) return look_for_overdue();
  if (roll < 18) return remove();
  if (roll < 19) return set_queue();
  read_again();
}

TaskRequest Pair::any_request() {
  TaskBuilder task(static_cast<int>(1 + rng_.below(kTasks)));
  task.queue(any_of("a", "b")).kind(any_of("x", "y"));
  task.priority(static_cast<int>(rng_.below(5)) - 2);
  task.retry({.failures_max = 2, .worker_deaths_max = 2});
  if (rng_.chance(0.2)) task.run_at(clock_.now() + up_to(30s));
  if (rng_.chance(0.3)) {
    const DedupScope scope = rng_.chance(0.5) ? DedupScope::live : DedupScope::forever;
    task.dedup("k" + std::to_string(rng_.below(6)), scope);
  }
  if (rng_.chance(0.3)) {
    std::vector<Uuid> ids;
    for (std::uint64_t i = rng_.below(3); i < 3; ++i) ids.push_back(any_id());
    std::erase(ids, task.build().id);
    task.waits_for(ids);
  }
  return task;
}

void Pair::insert() {
  std::vector<TaskRequest> requests;
  for (std::uint64_t i = rng_.below(4); i < 4; ++i) {
    TaskRequest request = any_request();
    // An id stands for one request: asked twice in a call, it is the same one.
    const auto twin = std::ranges::find(requests, request.id, &TaskRequest::id);
    if (twin != requests.end()) request = TaskRequest(*twin);
    requests.push_back(std::move(request));
  }
  const auto expected = model_.insert(requests);
  const auto answers = subject_.ledger().insert(requests);
  ASSERT_EQ(code_of(answers), code_of(expected));
  if (!expected) return;
  ASSERT_EQ(answers->size(), expected->size());
  for (std::size_t i = 0; i < expected->size(); ++i) {
    EXPECT_EQ((*answers)[i].id, (*expected)[i].id) << "request " << i;
    EXPECT_EQ((*answers)[i].outcome, (*expected)[i].outcome) << "request " << i;
  }
}

void Pair::claim() {
  ClaimParams params{.queues = {"a", "b"},
                     .worker = any_of("w1", "w2"),
                     .limit = 1 + rng_.below(4),
                     .lease = 5s + up_to(30s)};
  if (rng_.chance(0.3)) params.queues = {any_of("a", "b")};
  if (rng_.chance(0.2)) params.queues.clear();
  if (rng_.chance(0.3)) params.kinds = {any_of("x", "y")};
  if (rng_.chance(0.2)) params.only_ids = {any_id(), any_id(), any_id()};
  const auto expected = model_.claim(params);
  const auto tasks = subject_.ledger().claim(params);
  ASSERT_TRUE(expected.has_value() && tasks.has_value());
  EXPECT_TRUE(same(*tasks, *expected)) << tasks->size() << " claimed, not " << expected->size();
  remember(*tasks);
}

Event Pair::any_event(const Task& task) {
  const std::uint64_t fence = task.status.fence;
  switch (rng_.below(10)) {
    case 0:
      return event::Fail{.fence = fence, .error = "no route"};
    case 1:
      return event::Fail{fence, FailureClass::permanent, "no such page", {}};
    case 2:
      return event::Snooze{fence, clock_.now() + up_to(20s)};
    case 3:
      return event::GiveBack{fence, "stops"};
    case 4:
      return event::Cancel{.by = "ann", .reason = "why not"};
    case 5:
      return event::Retry{.by = "bob"};
    case 6:
      return event::Expire{};
    case 7:
      return event::Due{};
    default:
      return event::Succeed{fence, R"({"n":1})"};
  }
}

void Pair::apply() {
  std::vector<Change> changes;
  for (const auto& [id, task] : known_) {
    if (!rng_.chance(0.2)) continue;
    auto change = transition(task, any_event(task), {.now = clock_.now(), .chance = rng_.unit()});
    if (change) changes.push_back(std::move(*change));
  }
  EXPECT_EQ(codes_of(subject_.ledger().apply(changes)), codes_of(model_.apply(changes)));
}

void Pair::beat() {
  std::vector<Extension> extensions;
  for (const auto& [id, task] : known_) {
    if (!rng_.chance(0.4)) continue;
    const std::uint64_t fence = task.status.fence + (rng_.chance(0.1) ? 1 : 0);
    extensions.push_back({.id = id, .handle = task.handle, .fence = fence, .lease = 20s});
  }
  const auto expected = model_.extend(extensions);
  const auto answers = subject_.ledger().extend(extensions);
  ASSERT_TRUE(expected.has_value() && answers.has_value());
  EXPECT_EQ(*answers, *expected);
}

void Pair::report() {
  std::vector<Report> reports;
  for (const auto& [id, task] : known_) {
    // Whether a report after the lease has ended is kept is the ledger's own affair.
    const bool is_over = model_.get(id) && model_.get(id)->status.state != State::leased;
    if (is_over || !rng_.chance(0.4)) continue;
    reports.push_back({.id = id,
                       .fence = task.status.fence,
                       .progress = R"({"at":)" + std::to_string(rng_.below(100)) + "}",
                       .checkpoint = rng_.chance(0.5) ? "{}" : ""});
  }
  EXPECT_EQ(codes_of(subject_.ledger().record(reports)), codes_of(model_.record(reports)));
}

void Pair::look_for_overdue() {
  const std::size_t limit = 1 + rng_.below(5);
  const auto expected = model_.overdue(limit);
  const auto overdue = subject_.ledger().overdue(limit);
  ASSERT_TRUE(expected.has_value() && overdue.has_value());
  EXPECT_EQ(overdue->tasks.size(), expected->tasks.size());
  EXPECT_EQ(overdue->next, expected->next);
  remember(overdue->tasks);
}

void Pair::remove() {
  const std::vector<Uuid> ids = {any_id(), any_id(), any_id(), any_id()};
  const Time now = model_.now();
  const Time before = rng_.chance(0.5) ? kTimeMax : now - std::chrono::seconds(rng_.below(20));
  const auto expected = model_.remove(ids, before);
  const auto removed = subject_.ledger().remove(ids, before);
  ASSERT_TRUE(expected.has_value() && removed.has_value());
  EXPECT_THAT(*removed, ::testing::UnorderedElementsAreArray(*expected));
}

void Pair::set_queue() {
  const QueueSettings settings{.name = any_of("a", "b"),
                               .concurrency_max = static_cast<std::uint32_t>(rng_.below(4))};
  EXPECT_TRUE(model_.put_queue(settings).has_value());
  EXPECT_TRUE(subject_.registry().put_queue(settings).has_value());
  const bool paused = rng_.chance(0.2);
  EXPECT_TRUE(model_.set_queue_paused(settings.name, paused).has_value());
  EXPECT_TRUE(subject_.registry().set_queue_paused(settings.name, paused).has_value());
}

void Pair::remember(const std::vector<Task>& tasks) {
  for (const Task& task : tasks) known_[task.id()] = task;
}

void Pair::read_again() {
  const auto page = subject_.reader().page({.limit = 2 * kTasks});
  ASSERT_TRUE(page.has_value());
  remember(page->tasks);
}

void Pair::compare_all() {
  const PageParams all{.order = PageOrder::oldest_first, .limit = 2 * kTasks};
  const auto tasks = subject_.reader().page(all)->tasks;
  ASSERT_TRUE(same(tasks, model_.page(all)->tasks));
  for (const Task& task : tasks) {
    const Uuid& id = task.id();
    EXPECT_EQ(*subject_.reader().history(id), *model_.history(id));
    EXPECT_EQ(*subject_.reader().ahead(id, 50), *model_.ahead(id, 50)) << to_string(id);
    EXPECT_EQ(subject_.reader().reported(id)->progress, model_.reported(id)->progress);
    EXPECT_EQ(subject_.reader().reported(id)->checkpoint, model_.reported(id)->checkpoint);
  }
  const auto events = subject_.reader().events(0, 100'000);
  const auto expected = model_.events(0, 100'000);
  ASSERT_EQ(events->size(), expected->size());
  for (std::size_t i = 0; i < events->size(); ++i) {
    EXPECT_EQ((*events)[i].id, (*expected)[i].id) << "event " << i;
    EXPECT_EQ((*events)[i].entry, (*expected)[i].entry) << "event " << i;
  }
  const auto counts = subject_.reader().counts();
  const auto expected_counts = model_.counts();
  ASSERT_EQ(counts->size(), expected_counts->size());
  for (std::size_t i = 0; i < counts->size(); ++i) {
    EXPECT_TRUE(std::ranges::equal((*counts)[i].by_state, (*expected_counts)[i].by_state))
        << (*counts)[i].queue;
  }
}

TEST_P(LedgerConformance, RandomCallsGiveTheAnswersOfTheModel) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    subject_.reset();
    subject_ = GetParam().make(clock_);
    Pair pair(*subject_, clock_, static_cast<std::uint64_t>(seed));
    for (int call = 1; call <= kCalls && !HasFailure(); ++call) {
      SCOPED_TRACE("call " + std::to_string(call));
      pair.call();
      if (call % 30 == 0) pair.compare_all();
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace waybill
