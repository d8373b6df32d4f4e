#include "testing/fake_people_store.h"

#include <algorithm>
#include <tuple>

namespace waybill {

Result<PersonRecord> FakePeopleStore::put_person(const PersonRecord& person) {
  const Lock lock(mutex_);
  PersonRecord kept = person;
  const auto known = std::ranges::find_if(people_, [&](const auto& entry) {
    const Identity& other = entry.second.identity;
    return other.provider == person.identity.provider && other.subject == person.identity.subject;
  });
  if (known != people_.end()) {
    kept.name = known->first;
    kept.first_seen_at = known->second.first_seen_at;
  } else {
    kept.name = person_name(person.identity, NameIs::free);
    if (people_.contains(kept.name)) kept.name = person_name(person.identity, NameIs::taken);
  }
  people_[kept.name] = kept;
  return kept;
}

Result<std::optional<PersonRecord>> FakePeopleStore::person(const std::string& name) {
  const Lock lock(mutex_);
  const auto found = people_.find(name);
  if (found == people_.end()) return std::nullopt;
  return found->second;
}

Status FakePeopleStore::put_session(const SessionRecord& session) {
  const Lock lock(mutex_);
  if (!people_.contains(session.person)) {
    return fail(Code::not_found, "there is no person " + session.person);
  }
  if (sessions_.emplace(session.id, session).second) return {};
  return fail(Code::already_exists, "there is a session " + session.id + " already");
}

Result<std::optional<PersonSession>> FakePeopleStore::session(const std::string& id) {
  ++reads_;
  const Lock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return std::nullopt;
  return PersonSession{.session = found->second, .person = people_[found->second.person]};
}

Result<std::vector<SessionRecord>> FakePeopleStore::sessions() {
  ++reads_;
  const Lock lock(mutex_);
  std::vector<SessionRecord> all;
  for (const auto& [id, session] : sessions_) all.push_back(session);
  std::ranges::sort(all, [](const SessionRecord& a, const SessionRecord& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  return all;
}

Status FakePeopleStore::note_use(const std::string& id, Time at, const std::string& from) {
  const Lock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.seen_at >= at) return {};
  found->second.seen_at = at;
  if (!from.empty()) found->second.seen_from = from;
  return {};
}

Status FakePeopleStore::revoke_session(const std::string& id, Time at) {
  const Lock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return fail(Code::not_found, "no session with the id '" + id + "'");
  if (found->second.revoked_at == Time{}) found->second.revoked_at = at;
  return {};
}

Status FakePeopleStore::forget_sessions(Time ended_before) {
  const Lock lock(mutex_);
  std::erase_if(sessions_, [&](const auto& entry) {
    const SessionRecord& session = entry.second;
    const bool revoked = session.revoked_at != Time{} && session.revoked_at < ended_before;
    return revoked || session.ends_at < ended_before;
  });
  return {};
}

}  // namespace waybill
