#include "tests/conformance/ledger/suite.h"

#include "base/check.h"

namespace waybill {

// Not every program that links the suite has a ledger to hold to it.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LedgerConformance);

void LedgerConformance::SetUp() {
  subject_ = GetParam().make(clock_);
  ASSERT_NE(subject_, nullptr);
}

std::vector<Inserted> LedgerConformance::insert(const std::vector<TaskRequest>& requests) {
  const auto answers = ledger().insert(requests);
  WAYBILL_CHECK(answers.has_value(), answers.error().message.c_str());
  EXPECT_EQ(answers->size(), requests.size());
  return *answers;
}

InsertOutcome LedgerConformance::insert_one(const TaskRequest& request) {
  return insert({request}).at(0).outcome;
}

std::vector<Task> LedgerConformance::claim(std::size_t limit, ClaimParams params) {
  if (params.queues.empty()) params.queues = {"default"};
  if (params.worker.empty()) params.worker = "w";
  params.limit = limit;
  const auto tasks = ledger().claim(params);
  WAYBILL_CHECK(tasks.has_value(), tasks.error().message.c_str());
  EXPECT_LE(tasks->size(), limit);
  return *tasks;
}

Task LedgerConformance::claim_one() {
  const auto tasks = claim(2);
  EXPECT_EQ(tasks.size(), 1u);
  return tasks.at(0);
}

Task LedgerConformance::claim_id(const Uuid& id) {
  const auto tasks = claim(1, {.only_ids = {id}});
  EXPECT_EQ(tasks.size(), 1u) << to_string(id) << " cannot be claimed";
  return tasks.at(0);
}

Change LedgerConformance::change_of(const Task& task, const Event& event) {
  const auto change = transition(task, event, {.now = ledger().now()});
  WAYBILL_CHECK(change.has_value(), change.error().message.c_str());
  return *change;
}

Status LedgerConformance::happen(const Uuid& id, const Event& event) {
  const auto change = transition(get(id), event, {.now = ledger().now()});
  if (!change) return fail(change.error());
  return apply_one(*change);
}

Status LedgerConformance::apply_one(const Change& change) {
  const auto answers = ledger().apply(std::vector<Change>{change});
  WAYBILL_CHECK(answers.has_value(), answers.error().message.c_str());
  EXPECT_EQ(answers->size(), 1u);
  return answers->at(0);
}

void LedgerConformance::succeed(const Task& leased) {
  const Status done = apply_one(change_of(leased, event::Succeed{.fence = leased.status.fence}));
  EXPECT_TRUE(done.has_value()) << done.error().message;
}

ExtendOutcome LedgerConformance::extend_one(const Uuid& id, std::uint64_t fence, Duration lease) {
  const auto answers =
      ledger().extend(std::vector<Extension>{{.id = id, .fence = fence, .lease = lease}});
  WAYBILL_CHECK(answers.has_value(), answers.error().message.c_str());
  return answers->at(0);
}

Status LedgerConformance::record_one(const Report& report) {
  const auto answers = ledger().record(std::vector<Report>{report});
  WAYBILL_CHECK(answers.has_value(), answers.error().message.c_str());
  return answers->at(0);
}

Task LedgerConformance::get(const Uuid& id) {
  const auto task = reader().get(id);
  WAYBILL_CHECK(task.has_value(), task.error().message.c_str());
  return *task;
}

std::int64_t LedgerConformance::count(const std::string& queue, State state) {
  const auto counts = reader().counts();
  WAYBILL_CHECK(counts.has_value(), counts.error().message.c_str());
  for (const QueueCounts& of_queue : *counts) {
    if (of_queue.queue == queue) return of_queue.by_state[static_cast<int>(state)];
  }
  return 0;
}

std::vector<LedgerEvent> LedgerConformance::all_events() {
  const auto events = reader().events(0, 100'000);
  WAYBILL_CHECK(events.has_value(), events.error().message.c_str());
  return *events;
}

std::vector<Uuid> LedgerConformance::ids_of(const std::vector<Task>& tasks) {
  std::vector<Uuid> ids;
  for (const Task& task : tasks) ids.push_back(task.id());
  return ids;
}

}  // namespace waybill
