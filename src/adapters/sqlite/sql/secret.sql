SELECT name, sealed, key_id, created_at, changed_at, changed_by FROM secrets WHERE name = ?1
