#pragma once

#include "adapters/sqlite/database.h"
#include "base/result.h"

namespace waybill::sqlite {

/// What a file says that it is.
struct SchemaVersion {
  int version = 0;   ///< 0: an empty file
  bool ours = true;  ///< false: another program's database
};
Result<SchemaVersion> read_schema_version(Database& database);

/// The version this binary reads and writes.
int schema_version();

/// Runs the missing migrations, each in one transaction, of an empty file all in one, and turns on
/// the write-ahead log. Gives the version that was there before. `failed_precondition` if it is
/// newer than ours.
Result<int> migrate(Database& database);

/// Fine if the file has exactly our version.
Status check_schema(Database& database, const SchemaVersion& found);

}  // namespace waybill::sqlite
