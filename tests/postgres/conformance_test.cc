#include "adapters/local/system_clock.h"
#include "adapters/postgres/database.h"
#include "adapters/postgres/migrate.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "tests/conformance/artifact_index/suite.h"
#include "tests/conformance/ledger/suite.h"
#include "tests/conformance/run_store/suite.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

/// The database of this program's cases, with a ledger that is emptied for each.
std::string emptied_ledger() {
  static const std::string name = shared_postgres()->make_database();
  static SystemClock clock;
  static postgres::Pool pool({.connect = {.conninfo = shared_postgres()->url(name)}}, clock);
  static postgres::Database database(pool);
  const auto migrated = postgres::migrate(database);
  WAYBILL_CHECK(migrated.has_value(), migrated.error().message.c_str());
  shared_postgres()->admit_worker(name);
  const Status emptied = database.transaction([](postgres::Connection& connection) {
    return connection.run_script(
        "DELETE FROM waybill.tasks; DELETE FROM waybill.finished; DELETE FROM waybill.ids;"
        "DELETE FROM waybill.waits; DELETE FROM waybill.reports; DELETE FROM waybill.events;"
        "DELETE FROM waybill.forever_keys; DELETE FROM waybill.queues; DELETE FROM waybill.lanes;"
        "DELETE FROM waybill.schedules; DELETE FROM waybill.workers; DELETE FROM waybill.floors;"
        "DELETE FROM waybill.host_turns;"
        "DELETE FROM waybill.runs; DELETE FROM waybill.plans;"
        "DELETE FROM waybill.artifacts; DELETE FROM waybill.condemned_contents;"
        "UPDATE waybill.ledger SET counted_until = 0",
        {});
  });
  WAYBILL_CHECK(emptied.has_value(), emptied.error().message.c_str());
  return name;
}

/// Used by one who may do no more than read and write.
class PostgresSubject final : public LedgerSubject {
 public:
  explicit PostgresSubject(Clock& clock) {
    auto made = PostgresLedger::create(shared_postgres()->url(emptied_ledger(), "worker"), clock,
                                       {.time = postgres::TimeSource::process});
    WAYBILL_CHECK(made.has_value(), made.error().message.c_str());
    ledger_ = std::move(*made);
  }
  ~PostgresSubject() override {
    const auto checked = ledger_->admin().check();
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    if (checked) {
      for (const Violation& violation : checked->violations) {
        ADD_FAILURE() << violation.invariant << " " << violation.subject << ": "
                      << violation.message;
      }
    }
  }

  Ledger& ledger() override { return ledger_->ledger(); }
  LedgerReader& reader() override { return ledger_->reader(); }
  DedupKeys& dedup_keys() override { return ledger_->dedup_keys(); }
  Registry& registry() override { return ledger_->registry(); }
  ArtifactIndex& artifacts() { return ledger_->artifacts(); }
  RunStore& runs() { return ledger_->runs(); }

 private:
  std::unique_ptr<PostgresLedger> ledger_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, LedgerConformance,
                         testing::Values(LedgerImplementation{
                             "postgres",
                             [](Clock& clock) -> std::unique_ptr<LedgerSubject> {
                               if (shared_postgres() == nullptr) return nullptr;
                               return std::make_unique<PostgresSubject>(clock);
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

/// One, or none where PostgreSQL is not installed.
std::vector<ArtifactIndexImplementation> artifact_indexes() {
  if (shared_postgres() == nullptr) return {};
  return {{"postgres", [](SimClock& clock) {
             const auto owner = std::make_shared<PostgresSubject>(clock);
             return ArtifactIndexSubject{owner, &owner->artifacts(), &owner->ledger()};
           }}};
}

INSTANTIATE_TEST_SUITE_P(Postgres, ArtifactIndexConformance, testing::ValuesIn(artifact_indexes()),
                         [](const auto& implementation) { return implementation.param.name; });

struct PostgresRuns {
  SimClock clock;
  PostgresSubject subject{clock};
};
std::vector<RunStoreImplementation> run_stores() {
  if (shared_postgres() == nullptr) return {};
  return {{"postgres", [] {
             const auto owner = std::make_shared<PostgresRuns>();
             return RunStoreSubject{owner, &owner->subject.runs(), &owner->subject.reader()};
           }}};
}

INSTANTIATE_TEST_SUITE_P(Postgres, RunStoreConformance, testing::ValuesIn(run_stores()),
                         [](const auto& implementation) { return implementation.param.name; });

}  // namespace
}  // namespace waybill
