#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace waybill::sqlite {

/// What tells one state of a ledger's file from another while nobody has a log beside it.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed_at_nanos = 0;
  bool has_log = false;  ///< a writer is there, or was killed

  bool operator==(const FileStamp&) const = default;
};
/// `permission_denied` or `not_found` with the path.
Result<FileStamp> stamp_of(const std::string& path);

/// Whether this user may write the file and beside it; true if there is no such file.
bool may_write(const std::string& path);

/// How SQLite is to open the file without writing: a URI. `failed_precondition` for a log that was
/// left without its index, which somebody who may write has to make.
Result<std::string> read_only_uri(const std::string& path, const FileStamp& stamp);

}  // namespace waybill::sqlite
