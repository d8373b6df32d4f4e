#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace waybill {

/// Who a provider says somebody is.
struct Identity {
  std::string provider;             ///< by its name in the login file
  std::string subject;              ///< the provider's own id, never given to another
  std::string login;                ///< the name there; its owner may be able to change it
  std::string email;                ///< may be empty
  bool email_verified = false;      ///< by the provider
  std::vector<std::string> groups;  ///< as of the login

  bool operator==(const Identity&) const = default;
};

/// Somebody who has logged in at least once.
struct PersonRecord {
  std::string name;  ///< what `created_by` says: "github:ann"; nobody else ever has it
  Identity identity;
  Time first_seen_at{};
  Time logged_in_at{};       ///< the latest login
  std::string sealed_token;  ///< the provider's access token, sealed; empty: none is kept

  bool operator==(const PersonRecord&) const = default;
};

/// The name of a person: "acme:ann". `taken`: another one of this provider has that already (an
/// account that was given up and made anew, a name that was changed), and so the id comes after it.
enum class NameIs : std::uint8_t { free, taken };
std::string person_name(const Identity& identity, NameIs is);
/// Where the access token of a person is sealed for.
std::string token_place(const Identity& identity);

/// What a browser shows that has logged in: 32 random bytes, in hex digits. Its SHA-256 alone is
/// kept, see hash_of in core/api_token.h.
inline constexpr std::size_t kSessionSecretBytes = 32;
inline constexpr std::size_t kSessionIdDigits = 16;
bool is_session_secret(std::string_view text);
std::string session_hash(std::string_view secret);
/// A session is listed by the beginning of its hash.
std::string session_id(std::string_view hash);

/// A session as it is kept. `revoked_at` is not set (`Time{}`) while nobody has ended it.
struct SessionRecord {
  std::string id;      ///< session_id
  std::string hash;    ///< 32 bytes
  std::string person;  ///< PersonRecord::name
  Time created_at{};
  Time seen_at{};  ///< the latest use, up to a minute late
  Time ends_at{};  ///< at the latest
  Time revoked_at{};
  std::string seen_from{};  ///< the address of that use; empty: it was not noted

  bool operator==(const SessionRecord&) const = default;
};

enum class SessionState : std::uint8_t { active, expired, revoked };
std::string_view to_string(SessionState state);
/// `idle_max`: how long it may be unused.
SessionState state_of(const SessionRecord& session, Duration idle_max, Time now);

}  // namespace waybill
