#pragma once

#include <cstdint>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// Where a WARC file is in a package.
struct PackedWarc {
  std::int64_t offset = 0;
  std::int64_t size_bytes = 0;
};

/// Whether a file begins as a ZIP file does.
Result<bool> is_zip(const FileDescriptor& file);

/// The WARC files in a WACZ package (WACZ 1.1.1: `archive/`), in the order of the package, which
/// stores them as they are. Memory is bounded by that of its directory, 64 MiB and 10,000 WARC
/// files at most. `failed_precondition`: it is no such package, is cut off, or packs a WARC file
/// once more.
Result<std::vector<PackedWarc>> warcs_in_package(const FileDescriptor& file,
                                                 std::int64_t size_bytes);

}  // namespace waybill
