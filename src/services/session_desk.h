#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/login.h"
#include "ports/people_store.h"

namespace waybill {

/// A session as people look at it.
struct SessionView {
  SessionRecord session;
  SessionState state = SessionState::active;
  Identity identity;         ///< of the person
  std::optional<Role> role;  ///< that the rules of now give; none: they let nobody in like that
};
/// Never with its hash.
boost::json::object to_json(const SessionView& view);

/// What people do with the sessions of those who have logged in, at the API and the command line.
/// Thread-safe; blocks.
class SessionDesk {
 public:
  /// The settings that logins go by; none: nobody logs in.
  using Settings = std::function<std::optional<LoginSettings>()>;
  /// Hears of each session that was ended, once that is durable; thread-safe.
  using Hears = std::function<void(const SessionRecord&)>;
  /// The store outlives it.
  SessionDesk(PeopleStore& people, Settings settings, Hears hears = {})
      : people_(people), settings_(std::move(settings)), hears_(std::move(hears)) {}

  /// All that are kept, also those that are over: by time of making.
  Result<std::vector<SessionView>> list(Time now);
  /// The session of that id, or all of the person of that name that are not revoked. `not_found`.
  Result<std::vector<SessionView>> find(std::string_view wanted, Time now);
  /// Ends those that find() finds; answers them as they are then. Fine to repeat for an id. What
  /// was ended before an error stays so.
  Result<std::vector<SessionView>> revoke(std::string_view wanted, Time at);

 private:
  PeopleStore& people_;
  const Settings settings_;
  const Hears hears_;
};

}  // namespace waybill
