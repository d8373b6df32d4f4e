#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "core/access.h"
#include "ports/clock.h"
#include "ports/token_store.h"
#include "services/service.h"

namespace waybill {

struct AuthenticatorParams {
  /// How old what is known of the tokens may be: a token that another process has made or revoked
  /// counts, or no longer counts, after at most this long.
  Duration known_for = std::chrono::seconds(2);
  /// How often uses are written, and for one token at most.
  Duration write_every = std::chrono::seconds(5);
  Duration write_token_every = std::chrono::minutes(1);
};

/// Tells from its token who asks, out of memory: the store is asked for all tokens at most every
/// `known_for`, by one caller, while those that come then wait for that answer. If the store cannot
/// be asked, what was known before stands, revocations of that time aside, and the log says so.
/// Thread-safe.
///
/// As a service it writes when tokens were last used; what the last step did not write is lost with
/// the process.
class Authenticator final : public Service {
 public:
  /// Store and clock outlive it.
  Authenticator(TokenStore& tokens, Clock& clock, const AuthenticatorParams& params = {})
      : tokens_(tokens), clock_(clock), params_(params) {}

  /// `unauthenticated`, with what to do about it: malformed, unknown, expired or revoked. Of a
  /// token with a wrong secret it says no more than of one that is not there. Otherwise the store's
  /// error, as long as it never gave an answer. May block for the store.
  Result<Principal> authenticate(std::string_view bearer_token);
  /// Whether there ever was a token: those that are revoked or have expired count. So a service
  /// that wants no token while there are none does not let everybody in because the last one ran
  /// out. The store's error, as long as it never gave an answer: then nobody can say.
  Result<bool> any_tokens();
  /// What is known of the tokens is known no longer: this process has just changed them, and goes
  /// by that with the next request.
  void look_again() EXCLUDES(mutex_);

  std::string_view name() const override { return "authenticator"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  using Tokens = std::unordered_map<std::string, TokenRecord>;  // by id
  using Known = Result<std::shared_ptr<const Tokens>>;  // shared by all who look at the same tokens
  struct Use {
    Time last{};
    Time written{};                 ///< the `last` that the store knows of
    SteadyTime write_not_before{};  ///< when the store may be told again
  };

  Known known() EXCLUDES(mutex_);
  /// Asks the store; called by one thread at a time, without the lock.
  Known ask(const std::optional<Known>& before);
  void note_use(const std::string& id, Time now) EXCLUDES(uses_mutex_);

  TokenStore& tokens_;
  Clock& clock_;
  const AuthenticatorParams params_;

  Mutex mutex_;
  Condition answered_;
  std::optional<Known> known_ GUARDED_BY(mutex_);
  SteadyTime asked_at_ GUARDED_BY(mutex_){};
  bool asking_ GUARDED_BY(mutex_) = false;
  std::uint64_t answers_ GUARDED_BY(mutex_) = 0;
  std::uint64_t changes_ GUARDED_BY(mutex_) = 0;        // calls of look_again
  std::uint64_t known_changes_ GUARDED_BY(mutex_) = 0;  // those before known_ was asked for
  bool is_away_ = false;  // the last answer was an error; of the thread that asks

  Mutex uses_mutex_;
  std::map<std::string, Use> uses_ GUARDED_BY(uses_mutex_);  // by id
};

}  // namespace waybill
