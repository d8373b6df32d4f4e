#include "services/session_desk.h"

#include <boost/json.hpp>
#include <map>

#include "base/json.h"
#include "core/task_json.h"

namespace waybill {

boost::json::object to_json(const SessionView& view) {
  namespace bj = boost::json;
  const SessionRecord& session = view.session;
  return {{"id", session.id},
          {"person", json::text(session.person)},
          {"provider", json::text(view.identity.provider)},
          {"login", json::text(view.identity.login)},
          {"role", view.role ? bj::value(json::text(to_string(*view.role))) : bj::value(nullptr)},
          {"state", json::text(to_string(view.state))},
          {"created_at", time_to_json(session.created_at)},
          {"seen_at", time_to_json(session.seen_at)},
          {"seen_from", json::text_or_null(session.seen_from)},
          {"ends_at", time_to_json(session.ends_at)},
          {"revoked_at", time_to_json(session.revoked_at)}};
}

Result<std::vector<SessionView>> SessionDesk::list(Time now) {
  auto sessions = people_.sessions();
  if (!sessions) return fail(sessions.error());
  const auto settings = settings_();
  const Duration idle_max = settings ? settings->idle_max : LoginSettings{}.idle_max;
  std::map<std::string, Identity> identities;  // by name of the person
  std::vector<SessionView> views;
  for (SessionRecord& session : *sessions) {
    auto known = identities.find(session.person);
    if (known == identities.end()) {
      auto person = people_.person(session.person);
      if (!person) return fail(person.error());
      // One that was forgotten between the two looks is nobody's.
      if (!*person) continue;
      known = identities.emplace(session.person, std::move((*person)->identity)).first;
    }
    SessionView view{.identity = known->second};
    view.state = state_of(session, idle_max, now);
    if (settings) view.role = role_of(*settings, view.identity);
    view.session = std::move(session);
    views.push_back(std::move(view));
  }
  return views;
}

Result<std::vector<SessionView>> SessionDesk::find(std::string_view wanted, Time now) {
  auto all = list(now);
  if (!all) return fail(all.error());
  std::vector<SessionView> found;
  for (SessionView& view : *all) {
    const SessionRecord& session = view.session;
    const bool is_persons = session.person == wanted && session.revoked_at == Time{};
    if (session.id == wanted || is_persons) found.push_back(std::move(view));
  }
  if (!found.empty()) return found;
  return fail(Code::not_found, "there is no session \"" + std::string(wanted) +
                                   "\", nor one of a person of that name that goes on");
}

Result<std::vector<SessionView>> SessionDesk::revoke(std::string_view wanted, Time at) {
  auto found = find(wanted, at);
  if (!found) return fail(found.error());
  for (SessionView& view : *found) {
    if (view.session.revoked_at != Time{}) continue;
    if (const Status done = people_.revoke_session(view.session.id, at); !done) {
      return fail(done.error());
    }
    view.session.revoked_at = at;
    view.state = SessionState::revoked;
    if (hears_) hears_(view.session);
  }
  return found;
}

}  // namespace waybill
