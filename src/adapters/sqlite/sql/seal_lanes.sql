-- The numbers of tasks, after all of them have been written.
UPDATE lanes SET
  blocked = c.blocked, scheduled = c.scheduled, ready = c.ready, leased = c.leased,
  succeeded = c.succeeded, failed = c.failed, cancelled = c.cancelled
FROM (
  SELECT lane, sum(state = 0) AS blocked, sum(state = 1) AS scheduled, sum(state = 2) AS ready,
    sum(state = 3) AS leased, sum(state = 4) AS succeeded, sum(state = 5) AS failed,
    sum(state = 6) AS cancelled
  FROM tasks GROUP BY lane
) AS c
WHERE c.lane = lanes.lane
