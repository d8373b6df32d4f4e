// A ledger copied from SQLite to PostgreSQL and back.

#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/image.h"
#include "adapters/postgres/postgres_ledger.h"
#include "adapters/sqlite/image.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "core/transition.h"
#include "services/ledger_copy.h"
#include "testing/builders.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/run_store/builders.h"
#include "tests/copy/full_ledger.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using testing::HasSubstr;

/// Writes one cell otherwise than it is told.
class WrongDraft final : public LedgerDraft {
 public:
  explicit WrongDraft(LedgerDraft& draft) : draft_(draft) {}
  const std::string& place() const override { return draft_.place(); }
  Status read(const ImageTable& table, const Sink& sink) override {
    return draft_.read(table, sink);
  }
  Result<CheckReport> check() override { return draft_.check(); }
  Result<std::int64_t> put(const ImageTable& table, std::vector<ImageRow>& rows) override {
    if (table.name != "queues") return draft_.put(table, rows);
    std::vector<ImageRow> wrong = rows;
    std::get<std::int64_t>(wrong.front()[2]) += 1;
    return draft_.put(table, wrong);
  }
  Status finish() override { return draft_.finish(); }
  Status publish() override { return draft_.publish(); }

 private:
  LedgerDraft& draft_;
};

class LedgerCopying : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = shared_postgres()->make_database();
    url_ = shared_postgres()->url(database_);
  }
  void TearDown() override {
    if (!database_.empty()) shared_postgres()->drop_database(database_);
  }

  void make_full_file() {
    auto ledger = SqliteLedger::create(file_, clock_);
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    fill_ledger(**ledger, clock_);
  }
  static Result<LedgerCopy> copy_and_publish(LedgerImage& from, LedgerDraft& to) {
    auto copy = copy_ledger(from, to, {});
    if (!copy) return copy;
    if (Status published = to.publish(); !published) return fail(published.error());
    return copy;
  }
  Result<LedgerCopy> copy_up() {
    const auto from = open_sqlite_image(file_, clock_);
    if (!from) return fail(from.error());
    const auto to = begin_postgres_draft(url_, clock_);
    if (!to) return fail(to.error());
    return copy_and_publish(**from, **to);
  }
  Result<LedgerCopy> copy_down(const std::string& path) {
    const auto from = open_postgres_image(url_, clock_);
    if (!from) return fail(from.error());
    const auto to = begin_sqlite_draft(path, clock_);
    if (!to) return fail(to.error());
    return copy_and_publish(**from, **to);
  }
  std::unique_ptr<PostgresLedger> open_database() {
    auto ledger = PostgresLedger::create(url_, clock_, {.access = PostgresAccess::existing});
    EXPECT_TRUE(ledger.has_value()) << ledger.error().message;
    return ledger ? std::move(*ledger) : nullptr;
  }

  void execute_on_file(const char* sql) {
    sqlite3* file = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &file), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(file, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(file);
  }

  SystemClock clock_;
  const TemporaryDirectory directory_;
  const std::string file_ = directory_.path() + "/ledger.db";
  std::string database_;
  std::string url_;
};

TEST_F(LedgerCopying, EveryTableComesThroughBothWaysWithTheSameDigest) {
  make_full_file();
  const auto up = copy_up();
  ASSERT_TRUE(up.has_value()) << up.error().message;
  for (const CopiedTable& table : up->tables) {
    EXPECT_GT(table.rows, 0) << table.name << ": the full ledger has none of it";
  }
  const std::string again = directory_.path() + "/again.db";
  const auto down = copy_down(again);
  ASSERT_TRUE(down.has_value()) << down.error().message;
  EXPECT_EQ(down->tables, up->tables);
  const auto image = open_sqlite_image(again, clock_);
  ASSERT_TRUE(image.has_value()) << image.error().message;
  const auto tables = digest_tables(**image);
  ASSERT_TRUE(tables.has_value());
  EXPECT_EQ(*tables, up->tables);
}

TEST_F(LedgerCopying, WorkGoesOnInTheCopyWhereItWas) {
  make_full_file();
  ASSERT_TRUE(copy_up().has_value());
  std::uint64_t last = 0;
  std::vector<Schedule> schedules;
  {
    const auto file = SqliteLedger::create(file_, clock_);
    last = *(*file)->reader().last_sequence({}, {});
    schedules = *(*file)->registry().schedules();
  }
  const auto copy = open_database();
  ASSERT_NE(copy, nullptr);
  LedgerReader& reader = copy->reader();
  EXPECT_EQ(*reader.last_sequence({}, {}), last);
  EXPECT_EQ(*copy->registry().schedules(), schedules);

  // A lease, and its fence, go on.
  const auto extended = copy->ledger().extend(
      std::vector<Extension>{{.id = task_id(4), .fence = 1, .lease = std::chrono::minutes(1)}});
  EXPECT_EQ(extended->front(), ExtendOutcome::extended);

  // Keys keep others out: of a live task, of one that ended, of one that is gone.
  const auto inserted = copy->ledger().insert(
      a_batch({a_task(20).dedup("live key"),
               a_task(21).dedup(std::string("for ever \xff\0 key", 15), DedupScope::forever),
               a_task(22).dedup("of one that is gone", DedupScope::forever), a_task(23)}));
  ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  EXPECT_EQ((*inserted)[0].id, task_id(1));
  EXPECT_EQ((*inserted)[1].id, task_id(8));
  EXPECT_EQ((*inserted)[2].id, task_id(9));
  EXPECT_EQ((*inserted)[3].outcome, InsertOutcome::inserted);

  // What ends here frees what waits for it, and events are numbered on.
  const auto claimed = copy->ledger().claim({.only_ids = {task_id(1)}, .worker = "x"});
  ASSERT_TRUE(claimed.has_value() && claimed->size() == 1);
  const auto change =
      transition(claimed->front(), event::Succeed{.fence = 1}, {.now = clock_.now()});
  ASSERT_TRUE(copy->ledger().apply(std::vector{*change})->front().has_value());
  EXPECT_EQ(reader.get(task_id(2))->status.state, State::ready);
  const auto events = reader.events(last, 100);
  ASSERT_TRUE(events.has_value() && !events->empty());
  EXPECT_EQ(events->front().id, task_id(23)) << "the first that happened since";

  // New rows get numbers of their own.
  EXPECT_TRUE(copy->audit().put(std::vector<AuditEntry>{{.at = clock_.now(), .who = "ann"}}));
  EXPECT_EQ(copy->runs().create(run_store_suite::a_run(9)), RunMade::made);
  const auto checked = copy->admin().check();
  ASSERT_TRUE(checked.has_value());
  EXPECT_EQ(checked->violations_found, 0);
}

TEST_F(LedgerCopying, ManyTasksComeThroughInSeveralPartitions) {
  constexpr int kTasks = 5'000;
  {
    const auto file = SqliteLedger::create(file_, clock_);
    ASSERT_TRUE(file.has_value());
  }
  execute_on_file("UPDATE ledger SET handle_floor = 498000");
  {
    const auto file = SqliteLedger::create(file_, clock_);
    ASSERT_TRUE((*file)->ledger().insert(some_tasks(1, kTasks)).has_value());
    const auto claimed = (*file)->ledger().claim({.worker = "w", .limit = kTasks});
    std::vector<Change> changes;
    for (const Task& task : *claimed) {
      changes.push_back(*transition(task, event::Succeed{.fence = 1}, {.now = clock_.now()}));
    }
    ASSERT_EQ(changes.size(), static_cast<std::size_t>(kTasks));
    ASSERT_TRUE((*file)->ledger().apply(changes).has_value());
  }
  const auto up = copy_up();
  ASSERT_TRUE(up.has_value()) << up.error().message;
  EXPECT_EQ(up->tasks_checked, kTasks);
  const auto down = copy_down(directory_.path() + "/again.db");
  ASSERT_TRUE(down.has_value()) << down.error().message;
  EXPECT_EQ(down->tables, up->tables);
}

TEST_F(LedgerCopying, ALedgerThatSomebodyHasOpenIsRefused) {
  make_full_file();
  {
    const auto busy = SqliteLedger::create(file_, clock_);
    const auto refused = copy_up();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::failed_precondition);
    EXPECT_THAT(refused.error().message, HasSubstr("another program has the ledger"));
  }
  ASSERT_TRUE(migrate_postgres_ledger(url_, clock_).has_value());
  const auto busy = open_database();
  ASSERT_TRUE(busy->registry().queues().has_value());  // it is connected from now on
  const auto up = copy_up();
  ASSERT_FALSE(up.has_value());
  EXPECT_EQ(up.error().code, Code::failed_precondition);
  EXPECT_THAT(up.error().message, HasSubstr("another program is connected"));
  const auto down = copy_down(directory_.path() + "/again.db");
  ASSERT_FALSE(down.has_value());
  EXPECT_THAT(down.error().message, HasSubstr("another program is connected"));
}

TEST_F(LedgerCopying, NobodyGetsInWhileALedgerIsCopied) {
  make_full_file();
  const auto image = open_sqlite_image(file_, clock_);
  ASSERT_TRUE(image.has_value());
  const auto second =
      SqliteLedger::create(file_, clock_, {.busy_wait_max = std::chrono::milliseconds(10)});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::unavailable);
}

TEST_F(LedgerCopying, APlaceThatHoldsSomethingIsRefused) {
  make_full_file();
  ASSERT_TRUE(copy_up().has_value());
  const auto again = copy_up();
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Code::already_exists);
  EXPECT_THAT(again.error().message, HasSubstr("is not empty"));
  EXPECT_EQ(check_postgres_vacant(url_, clock_).error().code, Code::already_exists);
  const auto onto_itself = copy_down(file_);
  ASSERT_FALSE(onto_itself.has_value());
  EXPECT_EQ(onto_itself.error().code, Code::already_exists);
  EXPECT_EQ(check_sqlite_vacant(file_).error().code, Code::already_exists);
}

TEST_F(LedgerCopying, ADryRunMakesNoSchema) {
  EXPECT_TRUE(check_postgres_vacant(url_, clock_));
  EXPECT_EQ(plan_postgres_migration(url_, clock_).error().code, Code::not_found);
}

TEST_F(LedgerCopying, ADamagedLedgerIsRefusedAndNothingIsKept) {
  make_full_file();
  execute_on_file("UPDATE lanes SET ready = ready + 1");
  const auto refused = copy_up();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_THAT(refused.error().message, HasSubstr("waybill db check"));
  EXPECT_TRUE(check_postgres_vacant(url_, clock_));
}

TEST_F(LedgerCopying, ACopyThatWasCutOffLeavesNothingAndIsBegunAnew) {
  make_full_file();
  {
    const auto from = open_sqlite_image(file_, clock_);
    const auto to = begin_postgres_draft(url_, clock_);
    ASSERT_TRUE(to.has_value()) << to.error().message;
    ASSERT_TRUE(copy_ledger(**from, **to, {}).has_value());
  }  // not published
  EXPECT_TRUE(check_postgres_vacant(url_, clock_));
  const auto up = copy_up();
  ASSERT_TRUE(up.has_value()) << up.error().message;

  const std::string again = directory_.path() + "/again.db";
  // The process is killed in the middle of writing the file.
  const pid_t child = ::fork();
  if (child == 0) {
    const auto to = begin_sqlite_draft(again, clock_);
    std::vector<ImageRow> rows = {{std::int64_t{7}}};
    if (to) (void)(*to)->put(image_tables().front(), rows);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(std::filesystem::exists(again + ".unfinished")) << "it was not in the middle";
  EXPECT_FALSE(std::filesystem::exists(again));
  const auto down = copy_down(again);
  ASSERT_TRUE(down.has_value()) << down.error().message;
  EXPECT_EQ(down->tables, up->tables);
  EXPECT_FALSE(std::filesystem::exists(again + ".unfinished"));
}

TEST_F(LedgerCopying, ASessionThatIsEndedInTheMiddleLeavesNothing) {
  make_full_file();
  {
    const auto from = open_sqlite_image(file_, clock_);
    const auto to = begin_postgres_draft(url_, clock_);
    ASSERT_TRUE(to.has_value());
    ASSERT_TRUE(copy_ledger(**from, **to, {}).has_value());
    shared_postgres()->psql("postgres",
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                            "application_name = 'waybill'");
    EXPECT_FALSE((*to)->publish());
  }
  EXPECT_TRUE(check_postgres_vacant(url_, clock_));
  EXPECT_TRUE(copy_up().has_value());
}

TEST_F(LedgerCopying, ARowThatIsWrittenOtherwiseIsFound) {
  make_full_file();
  const auto from = open_sqlite_image(file_, clock_);
  const auto to = begin_postgres_draft(url_, clock_);
  ASSERT_TRUE(to.has_value());
  WrongDraft wrong(**to);
  const auto copied = copy_ledger(**from, wrong, {});
  ASSERT_FALSE(copied.has_value());
  EXPECT_EQ(copied.error().code, Code::data_loss);
  EXPECT_THAT(copied.error().message, HasSubstr("of queues"));
}

TEST_F(LedgerCopying, TextsThatPostgresCannotKeepAreChangedAndCounted) {
  {
    const auto file = SqliteLedger::create(file_, clock_);
    ASSERT_TRUE((*file)->audit().put(std::vector<AuditEntry>{
        {.at = clock_.now(), .who = "ann", .reason = std::string("a\0b\xff", 4)}}));
  }
  const auto up = copy_up();
  ASSERT_TRUE(up.has_value()) << up.error().message;
  EXPECT_EQ(up->texts_changed, 1);
  EXPECT_EQ(open_database()->audit().page({})->entries.front().reason, "a\uFFFDb\uFFFD");
}

}  // namespace
}  // namespace waybill
