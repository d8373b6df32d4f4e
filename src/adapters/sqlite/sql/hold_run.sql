UPDATE runs SET holder = ?2, held_until = ?4, state = 1,
  started_at = CASE state WHEN 0 THEN ?3 ELSE started_at END
WHERE id = ?1 AND state < 2
  AND (holder = ?2 OR held_until <= ?3 OR (?4 > ?3 AND held_until > ?4))
  AND (state = 1 OR ?5 = 0
    OR (SELECT count(*) FROM runs AS other
        WHERE other.state = 1 AND other.pipeline = runs.pipeline) < ?5)
