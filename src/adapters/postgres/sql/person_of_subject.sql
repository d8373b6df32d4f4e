-- Locked: it is to be changed.
SELECT name, provider, subject, login, email, email_verified, group_names, first_seen_at,
  logged_in_at, sealed_token
FROM waybill.people WHERE provider = $1 AND subject = $2
FOR NO KEY UPDATE
