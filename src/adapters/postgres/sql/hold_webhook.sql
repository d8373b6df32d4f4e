-- $3 is the time, or null for the database's, which is read when the webhook is locked: before, it
-- may be earlier than that of a rival who was faster, whose hold would seem too long. $4 is for how
-- long.
WITH hook AS MATERIALIZED (
  SELECT name FROM waybill.webhooks WHERE name = $1 FOR NO KEY UPDATE
), clock AS MATERIALIZED (
  SELECT name, coalesce($3, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS now
  FROM hook
)
UPDATE waybill.webhooks AS w SET holder = $2, held_until = clock.now + $4
FROM clock
WHERE w.name = clock.name
  AND (w.holder = $2 OR w.held_until <= clock.now
       OR ($4 > 0 AND w.held_until > clock.now + $4))
