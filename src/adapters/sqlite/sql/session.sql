SELECT id, hash, person, created_at, seen_at, ends_at, revoked_at FROM sessions WHERE id = ?1
