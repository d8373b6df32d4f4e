-- The numbers of tasks, after all of them have been written.
UPDATE waybill.lanes AS l SET
  blocked = c.blocked, scheduled = c.scheduled, ready = c.ready, leased = c.leased,
  succeeded = c.succeeded, failed = c.failed, cancelled = c.cancelled
FROM (
  SELECT lane, count(*) FILTER (WHERE state = 0) AS blocked,
    count(*) FILTER (WHERE state = 1) AS scheduled, count(*) FILTER (WHERE state = 2) AS ready,
    count(*) FILTER (WHERE state = 3) AS leased, count(*) FILTER (WHERE state = 4) AS succeeded,
    count(*) FILTER (WHERE state = 5) AS failed, count(*) FILTER (WHERE state = 6) AS cancelled
  FROM waybill.rows GROUP BY lane
) AS c
WHERE c.lane = l.lane
