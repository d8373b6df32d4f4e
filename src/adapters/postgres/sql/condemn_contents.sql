-- States: 3 leased, 4 succeeded.
INSERT INTO waybill.condemned_contents (sha256, at)
SELECT c.sha256, $2
FROM unnest($1::bytea[]) AS c (sha256)
WHERE NOT EXISTS (
    SELECT FROM waybill.artifacts AS a JOIN waybill.tasks AS t ON t.handle = a.task
    WHERE a.sha256 = c.sha256 AND t.fence = a.fence AND t.state = 3)
  AND NOT EXISTS (
    SELECT FROM waybill.artifacts AS a JOIN waybill.finished AS f ON f.handle = a.task
    WHERE a.sha256 = c.sha256 AND f.fence = a.fence AND f.state = 4)
ON CONFLICT (sha256) DO NOTHING
RETURNING sha256
