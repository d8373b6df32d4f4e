#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/mutex.h"
#include "core/access.h"
#include "core/login.h"
#include "ports/clock.h"
#include "ports/identity_provider.h"
#include "ports/people_store.h"

namespace waybill {

struct LoginDeskParams {
  LoginSettings settings;
  /// By name, as the settings have them; all outlive the desk, but see LoginDesk::take.
  std::map<std::string, IdentityProvider*> providers;
  /// Bytes that nobody can guess; thread-safe.
  std::function<std::string(std::size_t)> random_bytes;
  /// kSealKeyBytes under which access tokens are kept; empty: they are kept in memory only.
  std::string token_key;
  Duration provider_patience = std::chrono::seconds(10);  ///< for one whole login
  Duration login_max = std::chrono::minutes(10);  ///< how long somebody may be at the provider
  std::size_t logins_at_once = 8;                 ///< that wait for a provider
  Duration note_every = std::chrono::minutes(1);  ///< how late the time of last use may be
  std::size_t tokens_max = 10'000;                ///< in memory
  Duration known_for = std::chrono::seconds(2);   ///< see may_be
};

/// Lets people in by what providers say of them, and knows their sessions. What a browser has to
/// keep while it is at the provider is a sealed text, so that nothing is kept here for those who
/// never come back. A login always makes a new session. Thread-safe; blocks for the store, and
/// `begin` and `complete` for the provider.
class LoginDesk {
 public:
  /// Store and clock outlive it.
  LoginDesk(PeopleStore& people, Clock& clock, LoginDeskParams params);

  /// Those of now. What is answered stands for as many further calls of take() as kTermsKept.
  const LoginSettings& settings() const { return terms().settings; }
  /// Goes by these from now on: who is not let in any more is out with the next request. Logins
  /// that are under way go on with what was there when they began or came back.
  void take(LoginSettings settings, std::map<std::string, IdentityProvider*> providers);
  static constexpr std::size_t kTermsKept = 120;

  struct Begun {
    std::string url;   ///< where the browser goes
    std::string slip;  ///< what it has to bring back: opaque, and its own
  };
  /// `not_found`: no such provider; `invalid_argument`: `return_to` is no path of ours;
  /// `unavailable` as the provider says, or if too many log in at once.
  Result<Begun> begin(const std::string& provider, const std::string& return_to);

  /// What the browser came back with.
  struct Return {
    std::string provider;
    std::string code;
    std::string state;
    std::string issuer;
    std::string error;  ///< why the provider let nobody through; empty: it did
    std::string slip;
    std::string from{};  ///< the address of the browser
  };
  struct Entry {
    std::string secret;  ///< of the new session, for the browser alone
    std::string return_to;
    PersonRecord person;
    Role role = Role::viewer;
  };
  /// `invalid_argument`: no login of this browser was begun here, or too long ago;
  /// `unauthenticated`: the provider says no; `permission_denied`: no rule lets them in;
  /// `unavailable`. `who` gets the name of whom the provider let through, also if we do not.
  Result<Entry> complete(const Return& came, std::string* who = nullptr);

  struct Known {
    Principal who;
    SessionRecord session;
    PersonRecord person;
  };
  /// Whose session it is, with the role that the rules of now give. `unauthenticated` for one that
  /// has ended, `permission_denied` if no rule lets them in any more.
  enum class Counts { as_use, as_nothing };  ///< whether it keeps the session from being idle
  /// `from`: the address that it came from, kept with the time of use.
  Result<Known> look(std::string_view secret, Counts counts = Counts::as_use,
                     const std::string& from = {});
  /// Whether there may be such a session, out of memory: the store is asked for all of them at most
  /// every `known_for`. For those who come with one wrong cookie after another, lest each costs a
  /// read. False also for one that another server has opened since then.
  bool may_be(std::string_view secret) EXCLUDES(ids_mutex_);
  /// Ends a session; fine to repeat, and for one that is not there.
  Status end(std::string_view secret);

  /// The access token that a provider gave for a person; none if it is no longer there.
  std::optional<std::string> access_token(const PersonRecord& person);

 private:
  struct Terms {
    LoginSettings settings;
    std::map<std::string, IdentityProvider*> providers;
  };
  struct Slip;
  /// The slip that `came` brings; `invalid_argument` unless it is this login's.
  Result<Slip> read_slip(const Return& came);
  const Terms& terms() const EXCLUDES(terms_mutex_);
  Result<PersonRecord> keep(const Authenticated& who, Time now);
  Result<std::string> open_session(const PersonRecord& person, Time now, const std::string& from);

  PeopleStore& people_;
  Clock& clock_;
  const LoginDeskParams params_;
  const std::string slip_key_;
  std::atomic<std::size_t> under_way_ = 0;
  mutable Mutex terms_mutex_;
  // The newest last. Older ones stay for calls that are under way.
  std::list<std::unique_ptr<const Terms>> terms_ GUARDED_BY(terms_mutex_);
  Mutex mutex_;
  std::map<std::string, std::string> tokens_ GUARDED_BY(mutex_);  // by name of the person
  Mutex ids_mutex_;
  std::unordered_set<std::string> ids_ GUARDED_BY(ids_mutex_);  // of sessions, at that time
  std::optional<SteadyTime> ids_read_at_ GUARDED_BY(ids_mutex_);
};

}  // namespace waybill
