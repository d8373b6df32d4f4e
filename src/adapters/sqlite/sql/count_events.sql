-- Rows are numbered by their changes, so that the first and the last tell.
SELECT coalesce(
  (SELECT changes_until FROM events ORDER BY commit_number DESC LIMIT 1) -
  (SELECT changes_until - change_count FROM events ORDER BY commit_number LIMIT 1), 0)
