INSERT INTO sessions (id, hash, person, created_at, seen_at, ends_at, revoked_at, seen_from)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT DO NOTHING
