-- A few at a time, so that no commit waits for it. Never the newest, which holds the number. The
-- oldest are taken first and judged then: a limit on those that match would read on to the end.
DELETE FROM events WHERE commit_number IN (
  SELECT commit_number
  FROM (SELECT commit_number, changes_until FROM events ORDER BY commit_number LIMIT 16)
  WHERE changes_until <= ?1)
