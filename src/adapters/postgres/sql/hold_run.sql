-- $3 is the time, or null for the database's, which is read when the run is locked, as in
-- hold_webhook.sql. $4 is for how long; $5 is how many may run, 0 for any number; $6 is when it is
-- said to have begun.
WITH run AS MATERIALIZED (
  SELECT id FROM waybill.runs WHERE id = $1 FOR NO KEY UPDATE
), clock AS MATERIALIZED (
  SELECT id, coalesce($3, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS now
  FROM run
)
UPDATE waybill.runs AS r SET holder = $2, held_until = clock.now + $4, state = 1,
  started_at = CASE r.state WHEN 0 THEN $6 ELSE r.started_at END
FROM clock
WHERE r.id = clock.id AND r.state < 2
  AND (r.holder = $2 OR r.held_until <= clock.now
       OR ($4 > 0 AND r.held_until > clock.now + $4))
  AND (r.state = 1 OR $5 = 0
       OR (SELECT count(*) FROM waybill.runs AS other
           WHERE other.state = 1 AND other.pipeline = r.pipeline) < $5)
