-- A few at a time, so that no commit waits for it. Never the newest, which holds the number.
DELETE FROM events WHERE commit_number IN (
  SELECT commit_number FROM events WHERE changes_until <= ?1 ORDER BY commit_number LIMIT 16)
