SELECT count(*) FROM secrets WHERE key_id <> ?1 AND name <> ?2
