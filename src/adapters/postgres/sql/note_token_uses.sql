-- Locked in the order of their ids, so that two servers that note many at once don't meet crosswise.
WITH uses AS (
  SELECT id, max(at) AS at FROM unnest($1::text[], $2::bigint[]) AS u (id, at) GROUP BY id
), locked AS MATERIALIZED (
  SELECT id, uses.at FROM waybill.tokens JOIN uses USING (id)
  WHERE last_used_at IS NULL OR last_used_at < uses.at
  ORDER BY id FOR NO KEY UPDATE OF tokens
)
UPDATE waybill.tokens AS t SET last_used_at = greatest(t.last_used_at, locked.at)
FROM locked WHERE t.id = locked.id
