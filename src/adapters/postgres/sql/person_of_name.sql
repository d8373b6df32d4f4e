SELECT name, provider, subject, login, email, email_verified, group_names, first_seen_at,
  logged_in_at, sealed_token
FROM waybill.people WHERE name = $1
