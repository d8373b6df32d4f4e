// The fakes are held to the same suites as every adapter.

#include <memory>

#include "testing/fake_answer_store.h"
#include "testing/fake_artifact_index.h"
#include "testing/fake_artifact_store.h"
#include "testing/fake_audit_log.h"
#include "testing/fake_chronicle.h"
#include "testing/fake_collection_store.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/fake_object_store.h"
#include "testing/fake_people_store.h"
#include "testing/fake_queue.h"
#include "testing/fake_run_store.h"
#include "testing/fake_secret_store.h"
#include "testing/fake_token_store.h"
#include "testing/fake_upload_spool.h"
#include "testing/fake_webhook_store.h"
#include "testing/sim_clock.h"
#include "tests/conformance/answer_store/suite.h"
#include "tests/conformance/artifact_index/suite.h"
#include "tests/conformance/artifact_store/suite.h"
#include "tests/conformance/audit_log/suite.h"
#include "tests/conformance/chronicle/suite.h"
#include "tests/conformance/clock/suite.h"
#include "tests/conformance/collection_store/suite.h"
#include "tests/conformance/host_turns/suite.h"
#include "tests/conformance/ledger/suite.h"
#include "tests/conformance/log_store/suite.h"
#include "tests/conformance/object_store/suite.h"
#include "tests/conformance/people_store/suite.h"
#include "tests/conformance/queue/suite.h"
#include "tests/conformance/run_store/suite.h"
#include "tests/conformance/secret_store/suite.h"
#include "tests/conformance/token_store/suite.h"
#include "tests/conformance/upload_spool/suite.h"
#include "tests/conformance/webhook_store/suite.h"

namespace waybill {
namespace {

const auto kName = [](const auto& implementation) { return implementation.param.name; };

class FakeLedgerSubject final : public LedgerSubject {
 public:
  explicit FakeLedgerSubject(Clock& clock) : fake_(clock) {}
  Ledger& ledger() override { return fake_; }
  LedgerReader& reader() override { return fake_; }
  DedupKeys& dedup_keys() override { return fake_; }
  Registry& registry() override { return fake_; }

 private:
  FakeLedger fake_;
};

INSTANTIATE_TEST_SUITE_P(Fakes, LedgerConformance,
                         testing::Values(LedgerImplementation{
                             "ledger",
                             [](Clock& clock) -> std::unique_ptr<LedgerSubject> {
                               return std::make_unique<FakeLedgerSubject>(clock);
                             }}),
                         kName);

QueueImplementation fake_queue(std::string name, DeliveryOrder order) {
  return {std::move(name), [order](Clock& clock, const QueueLimits& limits) {
            return std::make_unique<FakeQueue>(
                clock, FakeQueueOptions{.visibility = limits.visibility,
                                        .messages_max = limits.messages_max,
                                        .body_bytes_max = limits.body_bytes_max,
                                        .order = order});
          }};
}

const auto kQueues = testing::Values(fake_queue("ordered_queue", DeliveryOrder::first_in_first_out),
                                     fake_queue("shuffled_queue", DeliveryOrder::shuffled));
INSTANTIATE_TEST_SUITE_P(Fakes, QueueConformance, kQueues, kName);
INSTANTIATE_TEST_SUITE_P(Fakes, QueueReceiving, kQueues, kName);
INSTANTIATE_TEST_SUITE_P(Fakes, QueueExpiring, kQueues, kName);
INSTANTIATE_TEST_SUITE_P(Fakes, QueueBounded, kQueues, kName);

INSTANTIATE_TEST_SUITE_P(Fakes, ObjectStoreConformance,
                         testing::Values(ObjectStoreImplementation{
                             "object_store",
                             [](std::size_t page_size) {
                               auto clock = std::make_shared<SimClock>();
                               auto store = std::make_unique<FakeObjectStore>(
                                   *clock, FakeObjectStoreOptions{.page_size = page_size});
                               return ObjectStoreSubject{clock, std::move(store)};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, ClockConformance,
                         testing::Values(ClockImplementation{
                             "clock", [] { return std::make_unique<SimClock>(); }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, BlockingClockConformance,
                         testing::Values(ClockImplementation{
                             "clock", [] { return std::make_unique<SimClock>(OnWait::blocks); }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, LogStoreConformance,
                         testing::Values(LogStoreImplementation{
                             "log_store",
                             [] {
                               return LogStoreSubject{nullptr, std::make_unique<FakeLogStore>()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, CollectionStoreConformance,
                         testing::Values(CollectionStoreImplementation{
                             "collection_store",
                             [] {
                               const auto store = std::make_shared<FakeCollectionStore>();
                               return CollectionStoreSubject{store, store.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, ChronicleConformance,
                         testing::Values(ChronicleImplementation{
                             "chronicle",
                             [] {
                               const auto chronicle = std::make_shared<FakeChronicle>();
                               return ChronicleSubject{chronicle, chronicle.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, HostTurnsConformance,
                         testing::Values(HostTurnsImplementation{
                             "host_turns",
                             [] {
                               struct Owner {
                                 SimClock clock;
                                 MemoryHostTurns turns{clock};
                               };
                               const auto owner = std::make_shared<Owner>();
                               return HostTurnsSubject{owner, &owner->turns};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, SecretStoreConformance,
                         testing::Values(SecretStoreImplementation{
                             "secret_store",
                             [] {
                               const auto store = std::make_shared<FakeSecretStore>();
                               return SecretStoreSubject{store, store.get()};
                             }}),
                         kName);
struct FakeRuns {
  SimClock clock;
  FakeLedger ledger{clock};
  FakeRunStore store{ledger};
};
INSTANTIATE_TEST_SUITE_P(Fakes, RunStoreConformance,
                         testing::Values(RunStoreImplementation{
                             "run_store",
                             [] {
                               const auto fake = std::make_shared<FakeRuns>();
                               return RunStoreSubject{fake, &fake->store, &fake->ledger};
                             }}),
                         kName);
INSTANTIATE_TEST_SUITE_P(Fakes, WebhookStoreConformance,
                         testing::Values(WebhookStoreImplementation{
                             "webhook_store",
                             [] {
                               const auto store = std::make_shared<FakeWebhookStore>();
                               return WebhookStoreSubject{store, store.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, TokenStoreConformance,
                         testing::Values(TokenStoreImplementation{
                             "token_store",
                             [] {
                               const auto store = std::make_shared<FakeTokenStore>();
                               return TokenStoreSubject{store, store.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, PeopleStoreConformance,
                         testing::Values(PeopleStoreImplementation{
                             "people_store",
                             [] {
                               const auto store = std::make_shared<FakePeopleStore>();
                               return PeopleStoreSubject{store, store.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, AnswerStoreConformance,
                         testing::Values(AnswerStoreImplementation{
                             "answer_store",
                             [] {
                               const auto store = std::make_shared<FakeAnswerStore>();
                               return AnswerStoreSubject{store, store.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, ArtifactStoreConformance,
                         testing::Values(ArtifactStoreImplementation{
                             "artifact_store",
                             [](SimClock& clock) {
                               const auto store = std::make_shared<FakeArtifactStore>(clock);
                               return ArtifactStoreSubject{store, store.get()};
                             }}),
                         kName);

struct FakeArtifacts {
  explicit FakeArtifacts(SimClock& clock) : ledger(clock) {}
  FakeLedger ledger;
  FakeArtifactIndex index{ledger};
};

INSTANTIATE_TEST_SUITE_P(Fakes, ArtifactIndexConformance,
                         testing::Values(ArtifactIndexImplementation{
                             "artifact_index",
                             [](SimClock& clock) {
                               const auto fakes = std::make_shared<FakeArtifacts>(clock);
                               return ArtifactIndexSubject{fakes, &fakes->index, &fakes->ledger};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, UploadSpoolConformance,
                         testing::Values(UploadSpoolImplementation{
                             "upload_spool",
                             [] {
                               const auto spool = std::make_shared<FakeUploadSpool>();
                               return UploadSpoolSubject{spool, spool.get()};
                             }}),
                         kName);

INSTANTIATE_TEST_SUITE_P(Fakes, AuditLogConformance,
                         testing::Values(AuditLogImplementation{
                             "audit_log",
                             [] {
                               const auto log = std::make_shared<FakeAuditLog>();
                               return AuditLogSubject{log, log.get()};
                             }}),
                         kName);

}  // namespace
}  // namespace waybill
