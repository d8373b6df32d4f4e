#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/file/log_store.h"
#include "apps/waybill/store.h"
#include "base/result.h"
#include "ports/ledger_image.h"

namespace waybill::cli {

/// Where a ledger is that a command names, whatever --data and --ledger say. One of the two is
/// empty.
struct LedgerPlace {
  std::string url;   ///< of a PostgreSQL database
  std::string file;  ///< of SQLite

  bool operator==(const LedgerPlace&) const = default;
};

/// `sqlite:DIRECTORY`, `sqlite:FILE.db` or `postgres://…`. `invalid_argument`, which names the flag
/// and never repeats a URL that holds a password.
Result<LedgerPlace> parse_ledger_place(std::string_view flag, const std::string& text);

/// As the adapters' functions of these names.
Result<std::unique_ptr<LedgerImage>> open_image(const LedgerPlace& place, Clock& clock);
/// Makes the directory of a file where it is not there.
Result<std::unique_ptr<LedgerDraft>> begin_draft(const LedgerPlace& place, Clock& clock);
/// Whether a draft could begin; makes nothing.
Status check_vacant(const LedgerPlace& place, Clock& clock);

/// The output of a ledger's tasks: in files beside it, or in its database.
class OutputPlace {
 public:
  static Result<OutputPlace> open(const LedgerPlace& place, Clock& clock);
  LogStore& logs() { return store_ ? store_->logs() : *files_; }

 private:
  std::unique_ptr<Store> store_;
  std::unique_ptr<FileLogStore> files_;
};

}  // namespace waybill::cli
