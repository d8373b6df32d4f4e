// Partitions of finished tasks that retention takes out as a whole, by a user who may only read and
// write.

#include "adapters/postgres/retirement.h"

#include <gmock/gmock.h>

#include "adapters/postgres/partitions.h"
#include "base/check.h"
#include "tests/postgres/as_worker.h"

namespace waybill::postgres {
namespace {

using Next = PartsStep::Next;

class PostgresRetirement : public AsWorker {
 protected:
  /// Tasks that come now are in the next partition.
  void begin_partition(int span) {
    psql("SELECT setval('waybill.handles', " + std::to_string(span * kHandlesPerPartition) + ")");
  }
  std::vector<Expiry> all_due() {
    const Time before = server_->ledger().now() + std::chrono::hours(1);
    return {{.queue = "default", .outcome = State::succeeded, .finished_before = before},
            {.queue = "default", .outcome = State::failed, .finished_before = before}};
  }
  PartsStep step() {
    const auto step = server_->history_parts().remove_some(all_due());
    WAYBILL_CHECK(step.has_value(), step.error().message.c_str());
    return *step;
  }
  void remove_all() {
    while (step().next == Next::more) {
    }
  }
  void expect_sound() {
    const auto report = server_->admin().check();
    ASSERT_TRUE(report.has_value()) << report.error().message;
    for (const Violation& violation : report->violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.subject << ": " << violation.message;
    }
  }
  bool is_there(int number) { return server_->reader().get(task_id(number)).has_value(); }
  std::string count(const std::string& table) {
    return psql("SELECT count(*) FROM waybill." + table);
  }
};

TEST_F(PostgresRetirement, TakesAPartitionOutWithAllThatBelongsToItsTasks) {
  finish(some_tasks(1, 20));
  psql(
      "INSERT INTO waybill.artifacts SELECT handle, 'a', fence, decode(repeat('0a', 32), 'hex'), "
      "1, 'text/plain', 1 FROM waybill.finished");
  psql("INSERT INTO waybill.reports SELECT handle, 'half', '' FROM waybill.finished");
  psql("INSERT INTO waybill.log_chunks SELECT id, 0, 1, 1, 0, 'output' FROM waybill.finished");
  begin_partition(1);
  finish(some_tasks(21, 23));
  const PartsStep first = step();
  EXPECT_EQ(first.tasks, 20);
  EXPECT_EQ(first.next, Next::more);
  EXPECT_FALSE(is_there(1)) << "it is gone at once";
  EXPECT_TRUE(is_there(21)) << "the newest partition stays";
  EXPECT_EQ(server_->reader().counts()->front().by_state[static_cast<int>(State::succeeded)], 3);
  expect_sound();
  remove_all();
  expect_sound();
  EXPECT_EQ(count("ids"), "3\n");
  for (const char* table : {"artifacts", "reports", "log_chunks", "retired", "retirements"}) {
    EXPECT_EQ(count(table), "0\n") << table;
  }
  EXPECT_EQ(psql("SELECT to_regclass('waybill.retired_0') IS NULL"), "t\n");
  EXPECT_EQ(step().next, Next::none);
}

TEST_F(PostgresRetirement, KeepsWhatIsNotDueAwaitedOrOfARunThatGoesOn) {
  std::vector<TaskRequest> due = some_tasks(1, 60);
  due.push_back(a_task(71).created_by("run:" + to_string(task_id(900))));
  finish(due);
  finish({a_task(70)}, State::failed);
  finish({a_task(72).queue("other")});
  psql(
      "INSERT INTO waybill.runs (id, pipeline, plan, params, anew, created_by, created_at) "
      "VALUES ('" +
      to_string(task_id(900)) + "', 'p', 'd', '', '', 'ann', 1)");
  begin_partition(1);
  finish(some_tasks(80, 80));
  ASSERT_TRUE(
      server_->ledger().insert(std::vector<TaskRequest>{a_task(81).waits_for({task_id(70)})}));
  EXPECT_EQ(step().tasks, 60);
  remove_all();
  expect_sound();
  for (const int number : {70, 71, 72, 80}) EXPECT_TRUE(is_there(number)) << number;
  EXPECT_EQ(count("ids"), "5\n");
  EXPECT_EQ(step().tasks, 0) << "what was kept is not written anew each time";
}

TEST_F(PostgresRetirement, LeavesAPartitionOfWhichMuchIsKept) {
  finish(some_tasks(1, 9));
  finish({a_task(10).queue("other")});
  begin_partition(1);
  finish(some_tasks(11, 11));
  EXPECT_EQ(step().next, Next::none);
  EXPECT_TRUE(is_there(1));
}

TEST_F(PostgresRetirement, ComesAgainWhereAReaderWouldHaveToBeWaitedFor) {
  finish(some_tasks(1, 20));
  begin_partition(1);
  finish(some_tasks(21, 21));
  const Status looked = database_->snapshot([&](Connection& reader) -> Status {
    const auto rows =
        reader.run(Sql::any_finished_between, std::move(Params().integer(0).integer(1)), {});
    if (!rows) return fail(rows.error());
    EXPECT_EQ(step().next, Next::later);
    EXPECT_TRUE(is_there(1));
    return {};
  });
  EXPECT_TRUE(looked) << looked.error().message;
  EXPECT_EQ(step().tasks, 20);
  remove_all();
  expect_sound();
}

TEST_F(PostgresRetirement, IsEndedByAnyOtherServerAndByOneAtATime) {
  finish(some_tasks(1, 20));
  begin_partition(1);
  finish(some_tasks(21, 21));
  EXPECT_EQ(step().tasks, 20);
  auto other = PostgresLedger::create(shared_postgres()->url(name_, "worker"), clock_);
  ASSERT_TRUE(other.has_value());
  const Status held = database_->transaction([&](Connection& first) -> Status {
    const auto cleared = first.run(Sql::clear_retired, Params().integer(5), {});
    if (!cleared) return fail(cleared.error());
    EXPECT_EQ(cleared->integer(0, 0), 5);
    const auto beside = (*other)->history_parts().remove_some(all_due());
    EXPECT_TRUE(beside.has_value() && beside->next == Next::none) << "nobody waits for the first";
    return fail(Code::cancelled, "as if it died here");
  });
  EXPECT_EQ(held.error().code, Code::cancelled);
  EXPECT_EQ(count("ids"), "21\n");
  while ((*other)->history_parts().remove_some(all_due())->next == Next::more) {
  }
  EXPECT_EQ(count("ids"), "1\n");
  expect_sound();
}

TEST_F(PostgresRetirement, LeavesAnIdToTheTaskThatHasItNow) {
  finish(some_tasks(1, 20));
  begin_partition(1);
  finish(some_tasks(21, 21));
  EXPECT_EQ(step().tasks, 20);
  const auto waiter =
      server_->ledger().insert(std::vector<TaskRequest>{a_task(30).waits_for({task_id(1)})});
  ASSERT_FALSE(waiter.has_value()) << "it would wait for ever";
  EXPECT_EQ(waiter.error().code, Code::invalid_argument);
  // As one that had the id from before, or was cleared before its turn.
  psql("UPDATE waybill.ids SET handle = 500001 WHERE id = '" + to_string(task_id(1)) + "'");
  remove_all();
  EXPECT_EQ(count("ids"), "2\n");
  psql("DELETE FROM waybill.ids WHERE id = '" + to_string(task_id(1)) + "'");
  const auto anew = server_->ledger().insert(some_tasks(1, 1));
  ASSERT_TRUE(anew.has_value());
  EXPECT_EQ(anew->front().outcome, InsertOutcome::inserted);
}

TEST_F(PostgresRetirement, IsForThoseWhoWereLet) {
  psql("REVOKE EXECUTE ON FUNCTION waybill.clear_retired FROM worker");
  const auto refused = server_->history_parts().remove_some(all_due());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::permission_denied);
  for (const std::string function : {"clear_retired", "retire_partition"}) {
    EXPECT_EQ(psql("SELECT bool_or(has_function_privilege('public', oid, 'EXECUTE')) FROM pg_proc "
                   "WHERE proname = '" +
                   function + "'"),
              "f\n");
  }
}

}  // namespace
}  // namespace waybill::postgres
