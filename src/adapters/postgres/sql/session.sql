SELECT p.name, p.provider, p.subject, p.login, p.email, p.email_verified, p.group_names,
  p.first_seen_at, p.logged_in_at, p.sealed_token,
  s.id, s.hash, s.person, s.created_at, s.seen_at, s.ends_at, s.revoked_at, s.seen_from
FROM waybill.sessions AS s JOIN waybill.people AS p ON p.name = s.person
WHERE s.id = $1
