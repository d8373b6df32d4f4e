INSERT INTO spent_keys (dedup_key, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING
