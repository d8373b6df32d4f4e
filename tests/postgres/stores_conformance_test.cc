// What is kept beside the tasks on PostgreSQL does what every such store does.

#include <gtest/gtest.h>

#include "tests/conformance/answer_store/suite.h"
#include "tests/conformance/audit_log/suite.h"
#include "tests/conformance/collection_store/suite.h"
#include "tests/conformance/host_turns/suite.h"
#include "tests/conformance/log_store/suite.h"
#include "tests/conformance/people_store/suite.h"
#include "tests/conformance/secret_store/suite.h"
#include "tests/conformance/token_store/suite.h"
#include "tests/conformance/webhook_store/suite.h"
#include "tests/postgres/server.h"
#include "tests/postgres/stores.h"

namespace waybill {
namespace {

using postgres::ServerStores;

// The suites' times are their own.
std::shared_ptr<ServerStores> make_stores() {
  return std::make_shared<ServerStores>(postgres::emptied_stores(), postgres::TimeSource::process);
}

/// One, or none where PostgreSQL is not installed.
template <class Implementation, class Make>
std::vector<Implementation> of_postgres(Make make) {
  std::vector<Implementation> implementations;
  if (shared_postgres() != nullptr) implementations.push_back({"postgres", make});
  return implementations;
}

template <class Subject, class Store>
auto part(Store ServerStores::*store) {
  return [store] {
    const auto stores = make_stores();
    return Subject{stores, &((*stores).*store)};
  };
}

constexpr auto kName = [](const auto& implementation) { return implementation.param.name; };

TEST(PostgresStores, AreTestedWhereThereIsAServer) {
  if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  EXPECT_NE(postgres::emptied_stores(), "");
}

INSTANTIATE_TEST_SUITE_P(Postgres, TokenStoreConformance,
                         testing::ValuesIn(of_postgres<TokenStoreImplementation>(
                             part<TokenStoreSubject>(&ServerStores::tokens))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, PeopleStoreConformance,
                         testing::ValuesIn(of_postgres<PeopleStoreImplementation>(
                             part<PeopleStoreSubject>(&ServerStores::people))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, AuditLogConformance,
                         testing::ValuesIn(of_postgres<AuditLogImplementation>(
                             part<AuditLogSubject>(&ServerStores::audit))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, CollectionStoreConformance,
                         testing::ValuesIn(of_postgres<CollectionStoreImplementation>(
                             part<CollectionStoreSubject>(&ServerStores::collections))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, HostTurnsConformance,
                         testing::ValuesIn(of_postgres<HostTurnsImplementation>(
                             part<HostTurnsSubject>(&ServerStores::host_turns))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, SecretStoreConformance,
                         testing::ValuesIn(of_postgres<SecretStoreImplementation>(
                             part<SecretStoreSubject>(&ServerStores::secrets))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, WebhookStoreConformance,
                         testing::ValuesIn(of_postgres<WebhookStoreImplementation>(
                             part<WebhookStoreSubject>(&ServerStores::webhooks))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, AnswerStoreConformance,
                         testing::ValuesIn(of_postgres<AnswerStoreImplementation>(
                             part<AnswerStoreSubject>(&ServerStores::answers))),
                         kName);
INSTANTIATE_TEST_SUITE_P(Postgres, LogStoreConformance,
                         testing::ValuesIn(of_postgres<LogStoreImplementation>([] {
                           const auto stores = make_stores();
                           return LogStoreSubject{
                               stores,
                               std::make_unique<postgres::PostgresLogStore>(stores->database)};
                         })),
                         kName);

}  // namespace
}  // namespace waybill
