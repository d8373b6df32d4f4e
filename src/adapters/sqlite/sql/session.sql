SELECT id, hash, person, created_at, seen_at, ends_at, revoked_at, seen_from
FROM sessions WHERE id = ?1
