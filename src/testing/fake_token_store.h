#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/token_store.h"

namespace waybill {

/// The tokens in memory. Thread-safe.
class FakeTokenStore final : public TokenStore {
 public:
  Status put(const TokenRecord& record) override;
  Result<std::vector<TokenRecord>> list() override;
  Status revoke(const std::string& id, Time at) override;
  Status note_uses(std::span<const TokenUse> uses) override;

 private:
  Mutex mutex_;
  std::map<std::string, TokenRecord> tokens_ GUARDED_BY(mutex_);  // by id
};

}  // namespace waybill
