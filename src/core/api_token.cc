#include "core/api_token.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/digest.h"
#include "core/task.h"

namespace waybill {
namespace {

constexpr std::string_view kPrefix = "wb_";
constexpr std::size_t kTextLength = kPrefix.size() + kTokenIdDigits + 1 + 2 * kTokenSecretBytes;

/// An even number of digits as to_hex writes them.
bool is_hex(std::string_view text) { return from_hex(text).has_value(); }

tl::unexpected<Error> refuse(const TokenRecord& record, const std::string& why) {
  return fail(Code::invalid_argument, "token '" + record.name + "': " + why);
}

}  // namespace

ApiToken make_api_token(std::string_view random_bytes) {
  WAYBILL_CHECK(random_bytes.size() == kTokenRandomBytes, "a token of too few random bytes");
  return {.id = to_hex(random_bytes.substr(0, kTokenIdDigits / 2)),
          .secret = std::string(random_bytes.substr(kTokenIdDigits / 2))};
}

std::string to_string(const ApiToken& token) {
  return std::string(kPrefix) + token.id + "_" + to_hex(token.secret);
}

std::optional<ApiToken> parse_api_token(std::string_view text) {
  if (text.size() != kTextLength || !text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::string_view id = text.substr(0, kTokenIdDigits);
  const std::string_view secret = text.substr(kTokenIdDigits + 1);
  if (text[kTokenIdDigits] != '_' || !is_hex(id) || !is_hex(secret)) return std::nullopt;
  return ApiToken{.id = std::string(id), .secret = *from_hex(secret)};
}

bool is_token_id(std::string_view text) { return text.size() == kTokenIdDigits && is_hex(text); }

std::string hash_of(const ApiToken& token) { return sha256(token.secret); }

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  // volatile: or the compiler may end the loop at the first byte that differs.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i])));
  }
  return difference == 0;
}

Status check_token(const TokenRecord& record) {
  if (!is_name(record.name)) return refuse(record, "its name " + std::string(kNameRule));
  if (is_token_id(record.name)) {
    return refuse(record, "its name could be taken for the id of a token; take another one");
  }
  if (!is_token_id(record.id)) return refuse(record, "its id must be 8 digits of 0-9 and a-f");
  if (record.hash.size() != kTokenHashBytes) return refuse(record, "its hash must be 32 bytes");
  if (record.rate_limit < 0 || record.rate_limit > kRateLimitMax) {
    return refuse(record, "its rate limit must be 0 to " + std::to_string(kRateLimitMax));
  }
  if (record.expires_at != Time{} && record.expires_at <= record.created_at) {
    return refuse(record, "it must not expire before it is made");
  }
  return {};
}

std::string_view to_string(TokenState state) {
  switch (state) {
    case TokenState::active:
      return "active";
    case TokenState::expired:
      return "expired";
    case TokenState::revoked:
      return "revoked";
  }
  return "";
}

TokenState state_of(const TokenRecord& record, Time now) {
  if (record.revoked_at != Time{}) return TokenState::revoked;
  if (record.expires_at != Time{} && record.expires_at <= now) return TokenState::expired;
  return TokenState::active;
}

}  // namespace waybill
