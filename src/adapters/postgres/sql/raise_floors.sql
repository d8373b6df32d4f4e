-- To the first task that is ready of each lane ($1), or where none is to the last that was claimed
-- ($2, $3). Once in a while: each time leaves a dead row, which an old snapshot keeps too.
INSERT INTO waybill.floors (lane, rank, handle, raised_at)
SELECT claimed.lane, coalesce(first.rank, claimed.rank), coalesce(first.handle, claimed.handle),
  floor(extract(epoch FROM clock_timestamp()) * 1000000)
FROM unnest($1, $2, $3) AS claimed (lane, rank, handle)
LEFT JOIN waybill.floors AS f ON f.lane = claimed.lane
LEFT JOIN LATERAL (
  SELECT t.rank, t.handle FROM waybill.tasks AS t
  WHERE t.lane = claimed.lane AND t.state = 2
    AND (t.rank, t.handle) >= (
      coalesce(f.rank, '-9223372036854775808'), coalesce(f.handle, 0))
  ORDER BY t.rank, t.handle LIMIT 1
) AS first ON true
ON CONFLICT (lane) DO UPDATE
SET rank = excluded.rank, handle = excluded.handle, raised_at = excluded.raised_at
WHERE (floors.rank, floors.handle) < (excluded.rank, excluded.handle)
  AND abs(excluded.raised_at - floors.raised_at) > 900000
