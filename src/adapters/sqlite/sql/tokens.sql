SELECT
  id, name, role, hash, created_at, created_by, expires_at, revoked_at, last_used_at, rate_limit
FROM tokens ORDER BY created_at, id
