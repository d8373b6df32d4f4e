UPDATE waybill.lanes AS l SET
  used = true,
  succeeded = l.succeeded - c.succeeded,
  failed = l.failed - c.failed,
  cancelled = l.cancelled - c.cancelled
FROM unnest($1, $2, $3, $4) AS c (lane, succeeded, failed, cancelled)
WHERE l.lane = c.lane
