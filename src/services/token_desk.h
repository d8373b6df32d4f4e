#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api_token.h"
#include "ports/token_store.h"

namespace waybill {

/// "ci (5f0c12ab)": how lists, logs and messages call a token.
std::string title_of(const TokenRecord& record);

/// What people do with API tokens, at the API and the command line. Thread-safe; blocks.
class TokenDesk {
 public:
  enum class Did : std::uint8_t { made, revoked };
  /// Hears of each change once it is durable, and before the call returns; thread-safe.
  using Hears = std::function<void(Did, const TokenRecord&)>;
  /// The store outlives it.
  explicit TokenDesk(TokenStore& tokens, Hears hears = {})
      : tokens_(tokens), hears_(std::move(hears)) {}

  /// All of them, also those that are worth nothing any more: by time of making.
  Result<std::vector<TokenRecord>> list() { return tokens_.list(); }

  /// Where another token that is not revoked has the name.
  enum class Taken : std::uint8_t { refuse, replace };
  /// What making a token comes to.
  struct Making {
    std::optional<TokenRecord> known;     ///< the very same is there already: nothing was changed
    std::optional<TokenRecord> replaced;  ///< who had its name until then
  };
  /// Makes it known, by somebody of the role `maker`. Fine to repeat. `invalid_argument`: it cannot
  /// be; `permission_denied`: it may do what its maker may not; `already_exists`: the name is
  /// taken.
  Result<Making> put(const TokenRecord& wanted, Role maker, Taken taken = Taken::refuse);
  /// What put() would come to, and refuse.
  Result<Making> plan(const TokenRecord& wanted, Role maker, Taken taken = Taken::refuse);

  /// The token of that id or whole text, or else of that name: the one that is not revoked, or else
  /// the newest. `not_found` repeats no text that may be a token's.
  Result<TokenRecord> find(std::string_view wanted);
  struct Revoked {
    TokenRecord record;  ///< as it is now
    bool was = false;    ///< revoked before: nothing was changed
  };
  /// Makes that token worthless at a time, for good; fine to repeat. `not_found` as find().
  Result<Revoked> revoke(std::string_view wanted, Time at);

 private:
  void tell(Did did, const TokenRecord& record) const {
    if (hears_) hears_(did, record);
  }

  TokenStore& tokens_;
  const Hears hears_;
};

}  // namespace waybill
