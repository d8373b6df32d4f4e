-- Whoever was faster with the same person has put them: then the rest is brought up to date. A name
-- that another one was faster to take is an error, and the transaction is run again.
INSERT INTO waybill.people
  (name, provider, subject, login, email, email_verified, group_names, first_seen_at,
   logged_in_at, sealed_token)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (provider, subject) DO UPDATE SET
  login = excluded.login,
  email = excluded.email,
  email_verified = excluded.email_verified,
  group_names = excluded.group_names,
  logged_in_at = excluded.logged_in_at,
  sealed_token = excluded.sealed_token
RETURNING name, first_seen_at
