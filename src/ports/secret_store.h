#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/secret.h"

namespace waybill {

/// A secret that is sealed anew: its value stays.
struct Resealing {
  std::string name;
  std::string sealed_before;
  std::string sealed;
  std::string key_id;
};

enum class SecretPut : std::uint8_t { made, replaced };

/// Secrets by name. A store never sees a value or a key, only what is sealed. Kept beside the
/// ledger, by the same adapter. Thread-safe; durable when a call returns. Errors as for Ledger.
class SecretStore {
 public:
  virtual ~SecretStore() = default;

  /// Adds one, as check_secret wants it, or replaces that of its name, whose `created_at` stays.
  /// `failed_precondition` if another one is sealed under another key: all have the same.
  virtual Result<SecretPut> put(const SecretRecord& record) = 0;
  /// `not_found` if there is none of that name.
  virtual Result<SecretRecord> get(const std::string& name) = 0;
  /// All of them by name.
  virtual Result<std::vector<SecretRecord>> list() = 0;
  /// `not_found` if there is none of that name.
  virtual Status remove(const std::string& name) = 0;
  /// All of them or none. `aborted`, with nothing changed, unless these are just the secrets that
  /// there are, each sealed as it was before: read them again.
  virtual Status reseal(std::span<const Resealing> all) = 0;
};

}  // namespace waybill
