#include "adapters/sqlite/sqlite_ledger.h"
#include "base/check.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/answer_store/suite.h"
#include "tests/conformance/artifact_index/suite.h"
#include "tests/conformance/audit_log/suite.h"
#include "tests/conformance/collection_store/suite.h"
#include "tests/conformance/host_turns/suite.h"
#include "tests/conformance/ledger/suite.h"
#include "tests/conformance/people_store/suite.h"
#include "tests/conformance/run_store/suite.h"
#include "tests/conformance/secret_store/suite.h"
#include "tests/conformance/token_store/suite.h"
#include "tests/conformance/webhook_store/suite.h"

namespace waybill {
namespace {

class SqliteSubject final : public LedgerSubject {
 public:
  explicit SqliteSubject(Clock& clock) {
    auto made = SqliteLedger::create(directory_.path() + "/ledger.db", clock);
    WAYBILL_CHECK(made.has_value(), made.error().message.c_str());
    ledger_ = std::move(*made);
  }
  ~SqliteSubject() override {
    const auto checked = ledger_->admin().check();
    EXPECT_TRUE(checked.has_value());
    for (const Violation& violation : checked->violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.subject << ": " << violation.message;
    }
  }

  Ledger& ledger() override { return ledger_->ledger(); }
  LedgerReader& reader() override { return ledger_->reader(); }
  DedupKeys& dedup_keys() override { return ledger_->dedup_keys(); }
  Registry& registry() override { return ledger_->registry(); }
  AuditLog& audit() { return ledger_->audit(); }
  TokenStore& tokens() { return ledger_->tokens(); }
  PeopleStore& people() { return ledger_->people(); }
  SecretStore& secrets() { return ledger_->secrets(); }
  WebhookStore& webhooks() { return ledger_->webhooks(); }
  AnswerStore& answers() { return ledger_->answers(); }
  ArtifactIndex& artifacts() { return ledger_->artifacts(); }
  RunStore& runs() { return ledger_->runs(); }
  CollectionStore& collections() { return ledger_->collections(); }
  HostTurns& host_turns() { return ledger_->host_turns(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<SqliteLedger> ledger_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, LedgerConformance,
                         testing::Values(LedgerImplementation{
                             "sqlite",
                             [](Clock& clock) { return std::make_unique<SqliteSubject>(clock); }}),
                         [](const auto& implementation) { return implementation.param.name; });

struct SqliteRest {
  SimClock clock;
  SqliteSubject subject{clock};
};

INSTANTIATE_TEST_SUITE_P(Sqlite, TokenStoreConformance,
                         testing::Values(TokenStoreImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return TokenStoreSubject{owner, &owner->subject.tokens()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, PeopleStoreConformance,
                         testing::Values(PeopleStoreImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return PeopleStoreSubject{owner, &owner->subject.people()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, AuditLogConformance,
                         testing::Values(AuditLogImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return AuditLogSubject{owner, &owner->subject.audit()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, CollectionStoreConformance,
                         testing::Values(CollectionStoreImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return CollectionStoreSubject{owner, &owner->subject.collections()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, HostTurnsConformance,
                         testing::Values(HostTurnsImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return HostTurnsSubject{owner, &owner->subject.host_turns()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, SecretStoreConformance,
                         testing::Values(SecretStoreImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return SecretStoreSubject{owner, &owner->subject.secrets()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, WebhookStoreConformance,
                         testing::Values(WebhookStoreImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return WebhookStoreSubject{owner, &owner->subject.webhooks()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Sqlite, RunStoreConformance,
    testing::Values(RunStoreImplementation{
        "sqlite",
        [] {
          const auto owner = std::make_shared<SqliteRest>();
          return RunStoreSubject{owner, &owner->subject.runs(), &owner->subject.reader()};
        }}),
    [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, AnswerStoreConformance,
                         testing::Values(AnswerStoreImplementation{
                             "sqlite",
                             [] {
                               const auto owner = std::make_shared<SqliteRest>();
                               return AnswerStoreSubject{owner, &owner->subject.answers()};
                             }}),
                         [](const auto& implementation) { return implementation.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Sqlite, ArtifactIndexConformance,
    testing::Values(ArtifactIndexImplementation{
        "sqlite",
        [](SimClock& clock) {
          const auto owner = std::make_shared<SqliteSubject>(clock);
          return ArtifactIndexSubject{owner, &owner->artifacts(), &owner->ledger()};
        }}),
    [](const auto& implementation) { return implementation.param.name; });

}  // namespace
}  // namespace waybill
