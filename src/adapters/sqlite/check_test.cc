// Each thing that `db check` looks for, in a ledger that was damaged for it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "core/schedule.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

using ::testing::Contains;

struct Planted {
  const char* what;
  const char* sql;
  const char* invariant;
};

/// SQL that an honest writer never runs. Task 1 is ready, 2 leased, 3 succeeded, 4 blocked by 1, 5
/// holds a key for ever, 6 was leased and given back, 7 is a fire of the schedule nightly.
const Planted kPlanted[] = {
    {"AnIdTwice",
     "DROP INDEX task_ids; UPDATE tasks SET id = (SELECT id FROM tasks WHERE handle = 1) "
     "WHERE handle = 6",
     "I1"},
    {"AMissingRequest", "DELETE FROM requests WHERE handle = 3", "I1"},
    {"AStateThatHistoryDoesNotTell", "UPDATE tasks SET state = 5 WHERE handle = 3", "I1"},
    {"NoHistory", "UPDATE tasks SET history = x'' WHERE handle = 1", "I1"},
    {"AFenceThatWentBack", "UPDATE tasks SET fence = 0 WHERE handle = 3", "I2"},
    {"AChangeThatHistoryDoesNotTell", "UPDATE tasks SET revision = 7 WHERE handle = 1", "I2"},
    {"ALeaseDuringALease",
     "UPDATE tasks SET history = CAST(history || (SELECT substr(history, 1 + (SELECT "
     "length(history) FROM tasks WHERE handle = 1)) FROM tasks WHERE handle = 2) AS BLOB) "
     "WHERE handle = 2",
     "I3"},
    {"AKeyTwice",
     "DROP INDEX task_keys; UPDATE tasks SET dedup_key = 'for ever', dedup_scope = 1 "
     "WHERE handle = 6",
     "I4"},
    {"ASpentKey",
     "INSERT INTO spent_keys VALUES ('for ever', (SELECT id FROM tasks WHERE handle = 1))", "I4"},
    {"AScanWithoutAKey", "UPDATE requests SET created_by = 'scan:drop' WHERE handle = 1", "I5"},
    {"AScheduleWithoutAKey", "UPDATE requests SET created_by = 'schedule:x' WHERE handle = 1",
     "I6"},
    {"AFireUnderAnotherSchedulesName",
     "UPDATE requests SET created_by = 'schedule:other' WHERE handle = 7", "I6"},
    {"AFireWithoutItsNominalTime",
     "UPDATE requests SET rest = (SELECT rest FROM requests WHERE handle = 4) WHERE handle = 7",
     "I6"},
    {"AMissedSuccess", "UPDATE waits SET on_id = (SELECT id FROM tasks WHERE handle = 3)", "I7"},
    {"AWaitThatWasLost", "DELETE FROM waits", "I7"},
    {"AReadyTaskThatWaits", "UPDATE tasks SET waiting_for = 1 WHERE handle = 1", "I7"},
    {"ACountThatIsWrong", "UPDATE lanes SET ready = ready + 1", "counts"},
    {"ALaneThatIsNotThere", "UPDATE tasks SET lane = 99 WHERE handle = 1", "counts"},
    {"ARankThatIsWrong", "UPDATE tasks SET rank = rank + 1 WHERE handle = 1", "row"},
    {"ADetailThatIsDamaged", "UPDATE tasks SET detail = x'01ff' WHERE handle = 1", "row"},
    {"AnOrphan", "INSERT INTO reports VALUES (77, '', '')", "row"},
    {"AGapInTheEvents", "DELETE FROM events WHERE commit_number = 2", "row"},
    {"EventsThatAreDamaged", "UPDATE events SET changes = x'01' WHERE commit_number = 1", "row"},
    {"AMissingIndex", "DROP INDEX ready_tasks", "storage"},
};

class DbCheck : public testing::TestWithParam<Planted> {
 protected:
  void SetUp() override {
    auto made = SqliteLedger::create(path(), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    ledger_ = std::move(*made);
    Ledger& ledger = ledger_->ledger();
    ASSERT_TRUE(ledger.insert(std::vector<TaskRequest>{
        a_task(1), a_task(2), a_task(3), a_task(4).waits_for({task_id(1)}),
        a_task(5).dedup("for ever", DedupScope::forever), a_task(6), fire_of_nightly()}));
    (void)lease(2);
    const Task done = lease(3);
    apply(done, event::Succeed{.fence = done.status.fence});
    const Task returned = lease(6);
    apply(returned, event::GiveBack{.fence = returned.status.fence});
  }

  TaskRequest fire_of_nightly() const {
    Schedule nightly{.name = "nightly", .task = a_task(7)};
    nightly.task.created_by.clear();
    return task_for(nightly, clock_.now());
  }
  std::string path() const { return directory_.path() + "/ledger.db"; }

  Task lease(int number) {
    const auto tasks = ledger_->ledger().claim(
        {.queues = {"default"}, .only_ids = {task_id(number)}, .worker = "w", .limit = 1});
    EXPECT_EQ(tasks->size(), 1u);
    return tasks->at(0);
  }
  void apply(const Task& task, const Event& event) {
    const auto change = transition(task, event, {.now = clock_.now()});
    EXPECT_TRUE(ledger_->ledger().apply(std::vector{*change})->at(0));
  }
  void damage(const char* sql) {
    auto raw = sqlite::Database::open({.path = path()}, clock_);
    ASSERT_TRUE(raw.has_value());
    const std::string unchecked = std::string("PRAGMA ignore_check_constraints = ON;") + sql;
    const Status done = (*raw)->execute(unchecked.c_str());
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  std::set<std::string> invariants() {
    const auto report = ledger_->admin().check();
    EXPECT_TRUE(report.has_value()) << report.error().message;
    std::set<std::string> found;
    for (const Violation& violation : report->violations) found.insert(violation.invariant);
    return found;
  }

  TemporaryDirectory directory_;
  SimClock clock_;
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_P(DbCheck, FindsWhatWasPlanted) {
  ASSERT_EQ(invariants(), std::set<std::string>());
  damage(GetParam().sql);
  EXPECT_THAT(invariants(), Contains(GetParam().invariant));
}

INSTANTIATE_TEST_SUITE_P(Planted, DbCheck, testing::ValuesIn(kPlanted),
                         [](const auto& planted) { return std::string(planted.param.what); });

}  // namespace
}  // namespace waybill
