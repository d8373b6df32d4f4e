INSERT INTO tokens (
  id, name, role, hash, created_at, created_by, expires_at, revoked_at, last_used_at, rate_limit
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO NOTHING
