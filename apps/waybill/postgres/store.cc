#include <utility>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/image.h"
#include "adapters/postgres/postgres_ledger.h"
#include "apps/waybill/postgres_store.h"
#include "apps/waybill/runtime/artifact_place.h"

namespace waybill::cli {
namespace {

class PostgresStore final : public Store {
 public:
  PostgresStore(std::unique_ptr<PostgresLedger> ledger, std::unique_ptr<ArtifactStore> contents)
      : ledger_(std::move(ledger)), contents_(std::move(contents)) {}

  Ledger& ledger() override { return ledger_->ledger(); }
  LedgerReader& reader() override { return ledger_->reader(); }
  DedupKeys& dedup_keys() override { return ledger_->dedup_keys(); }
  Registry& registry() override { return ledger_->registry(); }
  KeptBeside beside() override {
    return {.tokens = ledger_->tokens(),
            .people = ledger_->people(),
            .audit = ledger_->audit(),
            .secrets = ledger_->secrets(),
            .webhooks = ledger_->webhooks(),
            .answers = ledger_->answers(),
            .artifacts = ledger_->artifacts(),
            .runs = ledger_->runs(),
            .collections = ledger_->collections(),
            .host_turns = ledger_->host_turns()};
  }
  LedgerAdmin& admin() override { return ledger_->admin(); }
  LogStore& logs() override { return ledger_->logs(); }
  ArtifactStore& contents() override { return *contents_; }

 private:
  const std::unique_ptr<PostgresLedger> ledger_;
  const std::unique_ptr<ArtifactStore> contents_;
};

SchemaStep step_of(const PostgresMigration& migration) {
  return {.from = migration.from, .to = migration.to};
}

}  // namespace

Result<std::unique_ptr<Store>> open_postgres_store(const Config& config, Clock& clock,
                                                   OpenStore mode, std::stop_token hurry) {
  const bool may_make = mode == OpenStore::create;
  const PostgresLedgerOptions options{
      .access = may_make ? PostgresAccess::write : PostgresAccess::existing,
      .hurry = std::move(hurry)};
  auto ledger = PostgresLedger::create(config.ledger, clock, options);
  if (!ledger) return fail(ledger.error());
  auto contents = open_artifact_store(config, clock);
  if (!contents) return fail(contents.error());
  return std::make_unique<PostgresStore>(std::move(*ledger), std::move(*contents));
}

Status require_postgres_ledger(const Config& config) {
  SystemClock clock;
  const auto found = plan_postgres_migration(config.ledger, clock);
  return found ? Status() : fail(found.error());
}

Result<SchemaStep> bring_postgres_schema(const Config& config, Clock& clock) {
  const auto done = migrate_postgres_ledger(config.ledger, clock);
  if (!done) return fail(done.error());
  return step_of(*done);
}

Result<SchemaStep> plan_postgres_schema(const Config& config, Clock& clock) {
  const auto planned = plan_postgres_migration(config.ledger, clock);
  if (!planned) return fail(planned.error());
  return step_of(*planned);
}

Result<std::unique_ptr<LedgerImage>> postgres_image(const std::string& url, Clock& clock) {
  return open_postgres_image(url, clock);
}

Result<std::unique_ptr<LedgerDraft>> postgres_draft(const std::string& url, Clock& clock) {
  return begin_postgres_draft(url, clock);
}

Status postgres_vacant(const std::string& url, Clock& clock) {
  return check_postgres_vacant(url, clock);
}

Status refuse_postgres_backup() {
  return fail(Code::unimplemented,
              "a ledger on PostgreSQL is backed up with the database's own tools; run `pg_dump "
              "--schema=waybill`, or archive its log as its manual says");
}

}  // namespace waybill::cli
