#pragma once

#include <cstdint>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// What was read of a file.
struct FileDigest {
  std::string sha256;  ///< 64 lower-case hexadecimal digits
  std::int64_t size_bytes = 0;
};

/// Reads a file from its beginning to its end, and leaves its position where it was. `what` is for
/// errors.
Result<FileDigest> digest_of(const FileDescriptor& file, const std::string& what);
/// The same, and writes what it reads to another file, at its position. A `resource_exhausted` is
/// the disk's.
Result<FileDigest> copy_with_digest(const FileDescriptor& from, const FileDescriptor& to,
                                    const std::string& what);

}  // namespace waybill
