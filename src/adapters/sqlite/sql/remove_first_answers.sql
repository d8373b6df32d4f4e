DELETE FROM first_answers WHERE rowid IN (
  SELECT rowid FROM first_answers WHERE kept_at < ?1 ORDER BY kept_at LIMIT ?2)
