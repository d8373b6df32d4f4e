WITH last AS (
  SELECT commit_number, changes_until FROM waybill.events ORDER BY commit_number DESC LIMIT 1
)
INSERT INTO waybill.events (commit_number, changes_until, change_count, counted, changes, tag)
SELECT coalesce(max(commit_number), 0) + 1, coalesce(max(changes_until), 0) + $1, $1, $2, $3, $4
FROM last
RETURNING commit_number, change_count
