#pragma once

#include <string>

#include "base/result.h"
#include "base/uuid.h"

namespace waybill {

/// Who holds which dedup key in the ledger. Thread-safe; never waits for writers.
class DedupKeys {
 public:
  virtual ~DedupKeys() = default;

  /// The task that keeps others of this key out; nil where none does. Of a key that is held for
  /// ever the task may have been removed since.
  virtual Result<Uuid> holder(const std::string& key) = 0;
};

}  // namespace waybill
