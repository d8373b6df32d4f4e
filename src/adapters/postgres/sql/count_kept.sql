-- Finished tasks with handles from $4 to before $5 that waybill.retire_partition would keep; not
-- counted further than $6.
WITH due AS MATERIALIZED (
  SELECT l.lane, d.outcome, d.before
  FROM unnest($1, $2, $3) AS d (queue, outcome, before)
  JOIN waybill.lanes AS l ON l.queue = d.queue
)
SELECT count(*) FROM (
  SELECT FROM waybill.finished AS f LEFT JOIN due AS d ON d.lane = f.lane AND d.outcome = f.state
  WHERE f.handle >= $4 AND f.handle < $5 AND (
    d.lane IS NULL OR f.finished_at >= d.before
    OR f.id IN (SELECT on_id FROM waybill.waits)
    OR f.created_by IN (SELECT 'run:' || id FROM waybill.runs WHERE state < 2))
  LIMIT $6
) AS kept
