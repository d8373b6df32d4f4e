#include "core/person.h"

#include <algorithm>

#include "base/digest.h"

namespace waybill {

std::string person_name(const Identity& identity, NameIs is) {
  std::string name = identity.provider + ":" + identity.login;
  // A login with a # could look like another one with an id.
  const bool is_plain = identity.login.find('#') == identity.login.npos;
  if (is == NameIs::taken || !is_plain) name += "#" + identity.subject;
  return name;
}

std::string token_place(const Identity& identity) {
  return "person/" + identity.provider + "/" + identity.subject;
}

bool is_session_secret(std::string_view text) {
  return text.size() == 2 * kSessionSecretBytes &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string session_hash(std::string_view secret) { return sha256(secret); }

std::string session_id(std::string_view hash) { return to_hex(hash).substr(0, kSessionIdDigits); }

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::active:
      return "active";
    case SessionState::expired:
      return "expired";
    case SessionState::revoked:
      return "revoked";
  }
  return "unknown";
}

SessionState state_of(const SessionRecord& session, Duration idle_max, Time now) {
  if (session.revoked_at != Time{}) return SessionState::revoked;
  const Time end = std::min(session.ends_at, session.seen_at + idle_max);
  return now < end ? SessionState::active : SessionState::expired;
}

}  // namespace waybill
