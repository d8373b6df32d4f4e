#pragma once

#include "adapters/postgres/database.h"
#include "base/result.h"

namespace waybill::postgres {

/// What a database holds of ours.
struct SchemaVersion {
  int version = 0;      ///< 0: no ledger yet
  int usable_from = 0;  ///< the oldest version whose programs work with it
};
/// `invalid_argument` when another program has a schema of our name.
Result<SchemaVersion> read_schema_version(Connection& connection);

/// Takes the steps that are missing, each in one transaction under a lock that rivals wait for.
/// Waits for locks of others a few seconds at a time, and tries again. Can be cut off and begun
/// anew. Answers the version that was there before. Errors: `failed_precondition` for a newer
/// schema than this program can work with, `unavailable` when a lock was not to be had.
Result<int> migrate(Database& database);

/// Whether this program may work with what was found: `failed_precondition`, with what to do.
Status check_schema(const SchemaVersion& found, const std::string& place);

/// The version that this program's migrations lead to.
int schema_version();

}  // namespace waybill::postgres
