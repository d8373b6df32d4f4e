#include "apps/waybill/runtime/ledger_place.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "adapters/sqlite/image.h"
#include "apps/waybill/postgres_store.h"
#include "core/url_password.h"

namespace waybill::cli {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

std::string directory_of(const LedgerPlace& place) {
  const std::string parent = std::filesystem::path(place.file).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

Result<LedgerPlace> parse_ledger_place(std::string_view flag, const std::string& text) {
  if (text.starts_with("postgres://") || text.starts_with("postgresql://")) {
    if (url_holds_password(text) || text.find("password=") != text.npos) {
      return fail(Code::invalid_argument,
                  std::string(flag) +
                      ": must not hold a password; set PGPASSWORD, or name a file with PGPASSFILE");
    }
    return LedgerPlace{.url = text, .file = {}};
  }
  if (!text.starts_with(kSqlite) || text.size() == kSqlite.size()) {
    return fail(Code::invalid_argument,
                std::string(flag) + (text.empty() ? " is missing" : "") +
                    ": name a ledger as sqlite:DIRECTORY, sqlite:FILE.db or "
                    "postgres://user@host:5432/database");
  }
  const std::string path = text.substr(kSqlite.size());
  std::error_code unknown;
  const bool is_file = path.ends_with(".db") && !std::filesystem::is_directory(path, unknown);
  return LedgerPlace{.url = {}, .file = is_file ? path : path + "/ledger.db"};
}

Result<std::unique_ptr<LedgerImage>> open_image(const LedgerPlace& place, Clock& clock) {
  return place.url.empty() ? open_sqlite_image(place.file, clock)
                           : postgres_image(place.url, clock);
}

Result<std::unique_ptr<LedgerDraft>> begin_draft(const LedgerPlace& place, Clock& clock) {
  if (!place.url.empty()) return postgres_draft(place.url, clock);
  if (Status made = make_data_directory(directory_of(place)); !made) return fail(made.error());
  return begin_sqlite_draft(place.file, clock);
}

Status check_vacant(const LedgerPlace& place, Clock& clock) {
  return place.url.empty() ? check_sqlite_vacant(place.file) : postgres_vacant(place.url, clock);
}

Result<OutputPlace> OutputPlace::open(const LedgerPlace& place, Clock& clock) {
  OutputPlace output;
  if (place.url.empty()) {
    output.files_ = std::make_unique<FileLogStore>(directory_of(place) + "/logs");
    return output;
  }
  Config config;
  config.ledger = place.url;
  auto store = open_postgres_store(config, clock, OpenStore::existing, {});
  if (!store) return fail(store.error());
  output.store_ = std::move(*store);
  return output;
}

}  // namespace waybill::cli
