UPDATE secrets SET sealed = ?3, key_id = ?4 WHERE name = ?1 AND sealed = ?2
