#include "apps/waybill/store.h"

#include <filesystem>
#include <utility>

#include "adapters/file/log_store.h"
#include "adapters/sqlite/sqlite_ledger.h"

namespace waybill::cli {
namespace {

class LocalStore final : public Store {
 public:
  LocalStore(std::unique_ptr<SqliteLedger> ledger, const Config& config)
      : ledger_(std::move(ledger)), logs_(config.data + "/logs") {}

  Ledger& ledger() override { return ledger_->ledger(); }
  LedgerReader& reader() override { return ledger_->reader(); }
  DedupKeys& dedup_keys() override { return ledger_->dedup_keys(); }
  Registry& registry() override { return ledger_->registry(); }
  KeptBeside beside() override {
    return {.tokens = ledger_->tokens(),
            .people = ledger_->people(),
            .audit = ledger_->audit(),
            .secrets = ledger_->secrets()};
  }
  LedgerAdmin& admin() override { return ledger_->admin(); }
  LogStore& logs() override { return logs_; }

 private:
  const std::unique_ptr<SqliteLedger> ledger_;
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

Status require_ledger(const Config& config) {
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

Result<std::unique_ptr<Store>> open_store(const Config& config, Clock& clock, OpenStore mode) {
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
  return std::make_unique<LocalStore>(std::move(*ledger), config);
}

}  // namespace waybill::cli
