UPDATE webhooks SET holder = ?2, held_until = ?4
WHERE name = ?1 AND (holder = ?2 OR held_until <= ?3 OR (?4 > ?3 AND held_until > ?4))
