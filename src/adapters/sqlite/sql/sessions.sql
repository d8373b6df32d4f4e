SELECT id, hash, person, created_at, seen_at, ends_at, revoked_at, seen_from
FROM sessions ORDER BY created_at, id
