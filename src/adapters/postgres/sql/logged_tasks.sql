-- Steps over the index from one task to the next.
WITH RECURSIVE found (task) AS (
  (SELECT task FROM waybill.log_chunks WHERE task > $1 ORDER BY task LIMIT 1)
  UNION ALL
  SELECT (SELECT l.task FROM waybill.log_chunks AS l WHERE l.task > found.task
          ORDER BY l.task LIMIT 1)
  FROM found WHERE found.task IS NOT NULL
)
SELECT task FROM found WHERE task IS NOT NULL LIMIT $2
