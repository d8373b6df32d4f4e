#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "core/access.h"

namespace waybill {

/// What a client of the HTTP service shows: `wb_<id>_<secret>`, all of it in lower-case hex digits,
/// so that a double click selects it whole. The id is short and may be seen by anybody: lists and
/// logs name the token by it. The secret is given out once and kept by nobody but the client.
struct ApiToken {
  std::string id;      ///< kTokenIdDigits hex digits
  std::string secret;  ///< kTokenSecretBytes bytes

  bool operator==(const ApiToken&) const = default;
};
inline constexpr std::size_t kTokenIdDigits = 8;
inline constexpr std::size_t kTokenSecretBytes = 32;
inline constexpr std::size_t kTokenHashBytes = 32;

/// How many random bytes a token is made of; the caller has them from the operating system.
inline constexpr std::size_t kTokenRandomBytes = kTokenIdDigits / 2 + kTokenSecretBytes;
ApiToken make_api_token(std::string_view random_bytes);

std::string to_string(const ApiToken& token);
/// Strict: exactly what to_string writes. None for anything else.
std::optional<ApiToken> parse_api_token(std::string_view text);
bool is_token_id(std::string_view text);

/// What is kept of a token's secret: its SHA-256. A slow hash is for what people think up; a secret
/// of 256 random bits cannot be guessed, however fast each guess is, and every request pays for the
/// hash.
std::string hash_of(const ApiToken& token);
/// Takes as long for any two texts of the same length, whichever bytes differ.
bool equal_in_constant_time(std::string_view one, std::string_view other);

/// A token as it is kept. Times are not set (`Time{}`) for what never happens or has not yet.
struct TokenRecord {
  std::string id;
  std::string name;  ///< is_name, but no id; unique among those that are not revoked
  Role role = Role::viewer;
  std::string hash;             ///< hash_of
  std::int64_t rate_limit = 0;  ///< requests a second; 0: as many as the server takes of each
  Time created_at{};
  std::string created_by;
  Time expires_at{};
  Time revoked_at{};
  Time last_used_at{};

  bool operator==(const TokenRecord&) const = default;
};
inline constexpr std::int64_t kRateLimitMax = 100'000;
/// Refuses, with `invalid_argument`, what no store may take.
Status check_token(const TokenRecord& record);

enum class TokenState : std::uint8_t { active, expired, revoked };
std::string_view to_string(TokenState state);
/// A token that has expired and was revoked is revoked.
TokenState state_of(const TokenRecord& record, Time now);

}  // namespace waybill
