// Sessions of people who have logged in: listed, ended.

#include <boost/json.hpp>

#include "http/api/gate.h"
#include "http/api/routes.h"
#include "services/session_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

Answer<SessionDesk*> sessions_of(const ApiParts& parts) {
  if (parts.sessions != nullptr) return parts.sessions;
  return refuse(Error{.code = Code::unimplemented, .message = "this server keeps no sessions"});
}

/// The session that the request itself came by; empty: it came by none.
std::string id_of_caller(const ApiParts& parts, const Call& call) {
  const auto secret = session_cookie(parts.logins, call.request);
  return secret && is_session_secret(*secret) ? session_id(session_hash(*secret)) : "";
}

bj::object sessions_answer(const std::vector<SessionView>& views, const std::string& current) {
  bj::array sessions;
  for (const SessionView& view : views) {
    bj::object session = to_json(view);
    session["current"] = view.session.id == current;
    sessions.push_back(std::move(session));
  }
  return {{"sessions", std::move(sessions)}};
}

Answer<Reply> list_sessions(const ApiParts& parts, const Call& call) {
  const auto desk = sessions_of(parts);
  if (!desk) return refuse(desk.error());
  const auto views = (*desk)->list(parts.clock.now());
  if (!views) return refuse(views.error());
  return json_response(sessions_answer(*views, id_of_caller(parts, call)));
}

Answer<Reply> revoke_session(const ApiParts& parts, const Call& call) {
  const auto desk = sessions_of(parts);
  if (!desk) return refuse(desk.error());
  const auto views = (*desk)->revoke(call.at("session"), parts.clock.now());
  if (!views) return refuse_storage(views.error());
  return json_response(sessions_answer(*views, id_of_caller(parts, call)));
}

}  // namespace

void add_session_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listSessions"] = [&parts](const Call& call) { return list_sessions(parts, call); };
  handlers["revokeSession"] = [&parts](const Call& call) { return revoke_session(parts, call); };
}

}  // namespace waybill::http
