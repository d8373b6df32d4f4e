#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"

namespace waybill {

/// Where a worker has the values of secrets from. Thread-safe.
class SecretSource {
 public:
  virtual ~SecretSource() = default;
  /// The value of a secret. `not_found`: there is none of that name. `failed_precondition`: this
  /// process has no key, or another one than it was sealed under. `data_loss`: what is kept of it
  /// is damaged. Others as for Ledger. No error repeats a value.
  virtual Result<std::string> secret(std::string_view name) = 0;
  /// For a run of that task, where somebody else decides which tasks are given which. `aborted`:
  /// the task is not this worker's any more.
  virtual Result<std::string> secret_of(const Uuid& /*task*/, std::string_view name) {
    return secret(name);
  }
};

}  // namespace waybill
