UPDATE sessions SET seen_at = ?2, seen_from = iif(?3 = '', seen_from, ?3)
WHERE id = ?1 AND seen_at < ?2
