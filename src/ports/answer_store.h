#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// What was answered to the first request under an Idempotency-Key.
struct KeptAnswer {
  std::string owner;        ///< who asked, and the key: one answer each
  std::string fingerprint;  ///< of what was asked: any bytes
  int status = 0;
  std::string headers;  ///< lines of "Name: value"
  std::string body;     ///< any bytes
  Time kept_at{};

  bool operator==(const KeptAnswer&) const = default;
};

/// First answers, so that a request under the same key is not done twice, also after a restart.
/// Kept beside the ledger, by the same adapter. Thread-safe; durable when a call returns. Errors as
/// for Ledger.
class AnswerStore {
 public:
  virtual ~AnswerStore() = default;

  /// None if the owner has none.
  virtual Result<std::optional<KeptAnswer>> find(const std::string& owner) = 0;
  /// The first one stays: fine to repeat. Answers what is kept then.
  virtual Result<KeptAnswer> keep(const KeptAnswer& answer) = 0;
  /// Removes up to `limit` that were kept before a time, the oldest first; answers how many.
  virtual Result<std::size_t> remove(Time before, std::size_t limit) = 0;
};

}  // namespace waybill
