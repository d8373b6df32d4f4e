// Answers to commits that are lost on their way.

#include <gmock/gmock.h>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/connection.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "testing/builders.h"
#include "tests/postgres/lossy_proxy.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

/// As the statement goes over the wire: not that of an isolation level.
const std::string kCommit = "\0COMMIT"s;

class PostgresLostAnswers : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    proxy_.emplace(shared_postgres()->port());
    auto made = PostgresLedger::create(
        "postgres://postgres@127.0.0.1:" + std::to_string(proxy_->port()) + "/" + name_, clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
  }
  void TearDown() override {
    if (name_.empty()) return;
    server_.reset();
    proxy_.reset();
    shared_postgres()->drop_database(name_);
  }

  Ledger& ledger() { return server_->ledger(); }
  Uuid finished(int number) {
    const TaskRequest request = a_task(number);
    WAYBILL_CHECK(ledger().insert({&request, 1}).has_value(), "it is new");
    const auto tasks =
        ledger().claim({.only_ids = {request.id}, .worker = "w", .lease = std::chrono::minutes(1)});
    WAYBILL_CHECK(tasks.has_value() && tasks->size() == 1, "nobody else claims it");
    const auto change =
        transition(tasks->front(), event::Succeed{.fence = 1}, {.now = ledger().now()});
    WAYBILL_CHECK(ledger().apply({&*change, 1}).has_value(), "it is leased");
    return request.id;
  }

  SystemClock clock_;
  std::string name_;
  std::optional<LossyProxy> proxy_;
  std::unique_ptr<PostgresLedger> server_;
};

TEST_F(PostgresLostAnswers, ARemovalThatTookEffectSaysWhatItRemoved) {
  const Uuid id = finished(1);
  proxy_->lose_answer_to(kCommit);
  const auto removed = ledger().remove({&id, 1}, ledger().now() + std::chrono::hours(1));
  ASSERT_TRUE(removed.has_value()) << removed.error().message;
  EXPECT_TRUE(proxy_->has_lost());
  EXPECT_THAT(*removed, ElementsAre(id));
}

TEST_F(PostgresLostAnswers, AnInsertThatTookEffectIsNoDuplicateOfItself) {
  finished(1);  // so that the lane is there
  const TaskRequest request = a_task(2).dedup("key");
  proxy_->lose_answer_to(kCommit);
  const auto inserted = ledger().insert({&request, 1});
  ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  EXPECT_TRUE(proxy_->has_lost());
  EXPECT_EQ(inserted->front().outcome, InsertOutcome::inserted);
}

TEST_F(PostgresLostAnswers, PlainInsertsOfOneRoundTripAreNoDuplicatesOfThemselves) {
  finished(1);  // the writer's tags come from the first transaction
  const TaskRequest plain[] = {a_task(2), a_task(3)};
  proxy_->lose_answer_to("insert_group");
  auto inserted = ledger().insert(plain);
  ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  EXPECT_TRUE(proxy_->has_lost());
  EXPECT_EQ((*inserted)[0].outcome, InsertOutcome::inserted);
  EXPECT_EQ((*inserted)[1].outcome, InsertOutcome::inserted);

  // One that was there before is a duplicate, whatever became of the answer.
  const TaskRequest both[] = {a_task(3), a_task(4)};
  proxy_->lose_answer_to("insert_group");
  inserted = ledger().insert(both);
  ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  EXPECT_TRUE(proxy_->has_lost());
  EXPECT_EQ((*inserted)[0].outcome, InsertOutcome::duplicate);
  EXPECT_EQ((*inserted)[1].outcome, InsertOutcome::inserted);
  const auto checked = server_->admin().check();
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  EXPECT_TRUE(checked->violations.empty());
}

TEST_F(PostgresLostAnswers, ASessionIsFoundWhereTheServerTracksNoActivity) {
  using namespace postgres;
  const ConnectParams params{.conninfo = shared_postgres()->url(name_)};
  const auto lost = Connection::open(params, clock_, {});
  ASSERT_TRUE((*lost)->run_script("SET track_activities = off", {}));
  const Call begin[] = {{Sql::begin_write, {}}, {Sql::write_settings, {}}};
  const auto begun = (*lost)->run_all(begin, {});
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  Params session;
  session.integer((*begun)[1].integer(0, 4)).integer((*begun)[1].integer(0, 5));
  const auto other = Connection::open(params, clock_, {});
  const auto found = (*other)->run(Sql::end_session, session, {});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->integer(0, 0), 0) << "it is no standby";
  EXPECT_EQ(found->integer(0, 1), 1);
}

TEST_F(PostgresLostAnswers, ASessionOfAnotherUserIsLeftAlone) {
  using namespace postgres;
  shared_postgres()->admit_worker(name_);
  const auto theirs = Connection::open({.conninfo = shared_postgres()->url(name_)}, clock_, {});
  const Call begin[] = {{Sql::begin_write, {}}, {Sql::write_settings, {}}};
  const auto begun = (*theirs)->run_all(begin, {});
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  Params session;
  session.integer((*begun)[1].integer(0, 4)).integer((*begun)[1].integer(0, 5));
  const auto ours =
      Connection::open({.conninfo = shared_postgres()->url(name_, "worker")}, clock_, {});
  const auto found = (*ours)->run(Sql::end_session, session, {});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->integer(0, 1), 0);
}

}  // namespace
}  // namespace waybill
