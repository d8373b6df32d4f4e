#pragma once

#include <string>

#include "base/result.h"

namespace waybill {

/// Ids of messages that were done, each kept for a while, so that duplicates can be told.
/// Forgetting one costs a second run, never a message. Thread-safe.
class DoneIds {
 public:
  virtual ~DoneIds() = default;
  virtual Result<bool> contains(const std::string& id) = 0;
  /// On disk, where there is one, when it returns. Safe to repeat.
  virtual Status add(const std::string& id) = 0;
};

}  // namespace waybill
