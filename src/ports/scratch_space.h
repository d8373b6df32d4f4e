#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/uuid.h"

namespace waybill {

/// Where attempts get a directory of their own for as long as they run. Thread-safe.
class ScratchSpace {
 public:
  virtual ~ScratchSpace() = default;
  /// A new, empty directory; its absolute path. `resource_exhausted` when the disk is full.
  virtual Result<std::string> create(const Uuid& task, std::uint32_t attempt) = 0;
  /// Removes a directory that create() gave, with all in it. Fine if it is not there.
  virtual Status remove(const std::string& directory) = 0;
};

}  // namespace waybill
