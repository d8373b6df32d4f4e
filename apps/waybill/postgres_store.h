#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "apps/waybill/store.h"
#include "ports/ledger_image.h"

namespace waybill::cli {

// A ledger in a PostgreSQL database, where --ledger names one. In a program that was built without
// PostgreSQL all of these are `unimplemented`.

/// As open_store.
Result<std::unique_ptr<Store>> open_postgres_store(const Config& config, Clock& clock,
                                                   OpenStore mode, std::stop_token hurry);
/// As require_ledger.
Status require_postgres_ledger(const Config& config);

struct SchemaStep {
  int from = 0;  ///< 0: there was no ledger
  int to = 0;
};
/// Brings the ledger to this program's schema; makes it if there is none.
Result<SchemaStep> bring_postgres_schema(const Config& config, Clock& clock);
/// What that would do; `not_found` if there is no ledger.
Result<SchemaStep> plan_postgres_schema(const Config& config, Clock& clock);

/// As open_postgres_image, begin_postgres_draft and check_postgres_vacant.
Result<std::unique_ptr<LedgerImage>> postgres_image(const std::string& url, Clock& clock);
Result<std::unique_ptr<LedgerDraft>> postgres_draft(const std::string& url, Clock& clock);
Status postgres_vacant(const std::string& url, Clock& clock);

/// Why `db backup` does not copy such a ledger, and what does.
Status refuse_postgres_backup();

}  // namespace waybill::cli
