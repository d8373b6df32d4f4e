SELECT subject, hash, at, meta FROM metadata
WHERE subject = ?1 AND hash > ?2 ORDER BY hash LIMIT ?3
