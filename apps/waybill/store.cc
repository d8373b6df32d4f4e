#include "apps/waybill/store.h"

#include <filesystem>
#include <utility>

#include "adapters/file/log_store.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "apps/waybill/postgres_store.h"
#include "apps/waybill/runtime/artifact_place.h"

namespace waybill::cli {
namespace {

class LocalStore final : public Store {
 public:
  LocalStore(std::unique_ptr<SqliteLedger> ledger, std::unique_ptr<ArtifactStore> contents,
             const Config& config)
      : ledger_(std::move(ledger)), contents_(std::move(contents)), logs_(config.data + "/logs") {}

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
  LogStore& logs() override { return logs_; }
  ArtifactStore& contents() override { return *contents_; }

 private:
  const std::unique_ptr<SqliteLedger> ledger_;
  const std::unique_ptr<ArtifactStore> contents_;
  FileLogStore logs_;
};

}  // namespace

Status make_data_directory(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (!error && made) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  }
  if (!error) return {};
  const Code code = error == std::errc::permission_denied    ? Code::permission_denied
                    : error == std::errc::no_space_on_device ? Code::resource_exhausted
                                                             : Code::failed_precondition;
  return fail(code, "making the data directory " + path + ": " + error.message() +
                        "; name another one with --data DIR");
}

std::string ledger_path(const Config& config) { return config.data + "/ledger.db"; }

bool is_on_postgres(const Config& config) { return !config.ledger.empty(); }

Status require_ledger(const Config& config) {
  if (is_on_postgres(config)) return require_postgres_ledger(config);
  const std::string path = ledger_path(config);
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  if (error) {
    const Code code =
        error == std::errc::permission_denied ? Code::permission_denied : Code::unavailable;
    return fail(code, "looking for the ledger " + path + ": " + error.message() +
                          "; ask its owner, or name another directory with --data DIR");
  }
  return fail(Code::not_found, "there is no ledger " + path +
                                   "; make one with `waybill up` or `waybill task create`, or "
                                   "name its directory with --data DIR");
}

Result<std::unique_ptr<Store>> open_store(const Config& config, Clock& clock, OpenStore mode,
                                          std::stop_token hurry) {
  if (is_on_postgres(config)) {
    // Scratch space and locks of processes are there in either case.
    if (mode == OpenStore::create) {
      if (Status made = make_data_directory(config.data); !made) return fail(made.error());
    }
    return open_postgres_store(config, clock, mode, std::move(hurry));
  }
  const Status ready =
      mode == OpenStore::create ? make_data_directory(config.data) : require_ledger(config);
  if (!ready) return fail(ready.error());
  SqliteLedgerOptions options;
  if (mode == OpenStore::existing) options.access = SqliteAccess::existing;
  if (mode == OpenStore::reading) options.access = SqliteAccess::read;
  options.cache_bytes = static_cast<std::size_t>(config.cache);
  options.log_bytes_max = static_cast<std::size_t>(config.log_bytes);
  auto ledger = SqliteLedger::create(ledger_path(config), clock, options);
  if (!ledger) return fail(ledger.error());
  auto contents = open_artifact_store(config, clock);
  if (!contents) return fail(contents.error());
  return std::make_unique<LocalStore>(std::move(*ledger), std::move(*contents), config);
}

}  // namespace waybill::cli
