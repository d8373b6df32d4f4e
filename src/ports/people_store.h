#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/person.h"

namespace waybill {

/// A session with whose it is.
struct PersonSession {
  SessionRecord session;
  PersonRecord person;
};

/// Those who have logged in, and their sessions without the secrets. Kept beside the ledger, by the
/// same adapter. Thread-safe; durable when a call returns. Errors as for Ledger.
class PeopleStore {
 public:
  virtual ~PeopleStore() = default;

  /// Notes a login: adds the person, or replaces what is known of the one with this provider and
  /// subject; only the name and `first_seen_at` stay as they are. Answers what is kept then. A new
  /// one's name is person_name: another's own is never given again.
  virtual Result<PersonRecord> put_person(const PersonRecord& person) = 0;
  /// None if nobody has that name.
  virtual Result<std::optional<PersonRecord>> person(const std::string& name) = 0;

  /// Adds a session of a person that is there: else `not_found`. `already_exists` for an id that is
  /// there.
  virtual Status put_session(const SessionRecord& session) = 0;
  /// None if there is none of that id.
  virtual Result<std::optional<PersonSession>> session(const std::string& id) = 0;
  /// All that are kept: by time of making, then by id.
  virtual Result<std::vector<SessionRecord>> sessions() = 0;
  /// A time of use never goes back, and has the address that it came from, if that is known; one
  /// that is not there is passed over.
  virtual Status note_use(const std::string& id, Time at, const std::string& from) = 0;
  /// From then on it is worth nothing. Fine to repeat: the first time stands. `not_found` if there
  /// is none of that id.
  virtual Status revoke_session(const std::string& id, Time at) = 0;
  /// Removes the sessions that were over before a time: past their end, or revoked.
  virtual Status forget_sessions(Time ended_before) = 0;
};

}  // namespace waybill
