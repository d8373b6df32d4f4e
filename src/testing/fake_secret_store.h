#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/secret_store.h"

namespace waybill {

/// The secrets in memory, sealed as they came. Thread-safe.
class FakeSecretStore final : public SecretStore {
 public:
  Result<SecretPut> put(const SecretRecord& record) override;
  Result<SecretRecord> get(const std::string& name) override;
  Result<std::vector<SecretRecord>> list() override;
  Status remove(const std::string& name) override;
  Status reseal(std::span<const Resealing> all) override;

 private:
  Mutex mutex_;
  std::map<std::string, SecretRecord> secrets_ GUARDED_BY(mutex_);
};

}  // namespace waybill
