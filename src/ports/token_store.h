#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/api_token.h"

namespace waybill {

/// That a token was used, and when last.
struct TokenUse {
  std::string id;
  Time at{};
};

/// The API tokens, without their secrets. Kept beside the ledger, by the same adapter. Thread-safe;
/// durable when a call returns. Errors as for Ledger.
class TokenStore {
 public:
  virtual ~TokenStore() = default;

  /// Adds one, as check_token wants it. `already_exists` if there is one of that id, or one of that
  /// name that is not revoked.
  virtual Status put(const TokenRecord& record) = 0;
  /// All of them, also those that are revoked or have expired: by time of making, then by id.
  virtual Result<std::vector<TokenRecord>> list() = 0;
  /// From then on it is worth nothing. Fine to repeat: the first time stands. `not_found` if there
  /// is none of that id.
  virtual Status revoke(const std::string& id, Time at) = 0;
  /// A time of last use never goes back; ids that are not there are passed over.
  virtual Status note_uses(std::span<const TokenUse> uses) = 0;
};

}  // namespace waybill
