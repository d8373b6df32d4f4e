#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// Where contents that come in pieces wait until they are whole. Nothing here is kept for ever:
/// what nobody has added to for a day goes with the next sweep. Thread-safe; blocks. Errors:
/// `resource_exhausted` (disk full), `unavailable`.
class UploadSpool {
 public:
  virtual ~UploadSpool() = default;
  /// Adds bytes to what has come under a name (`a-z`, `0-9`, `.`, `-`), if that ends at `offset`;
  /// at 0 it begins anew. Answers how many have come by then: if they are not `offset` and these,
  /// nothing was added, and that is where to go on.
  virtual Result<std::int64_t> add(const std::string& name, std::int64_t offset,
                                   std::string_view bytes) = 0;
  /// What has come. `not_found`: nothing.
  virtual Result<FileDescriptor> open(const std::string& name) = 0;
  /// Fine if there is nothing.
  virtual Status remove(const std::string& name) = 0;
  /// Removes what nobody has added to for a day.
  virtual Status sweep() = 0;
};

}  // namespace waybill
