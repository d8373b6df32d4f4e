SELECT count(*) FROM secrets WHERE name = ?1
