DELETE FROM audit WHERE sequence IN
  (SELECT sequence FROM audit WHERE at < ?1 ORDER BY at, sequence LIMIT ?2)
