WITH added AS (
  SELECT e.counted[i] AS lane, sum(e.counted[i + 1]) AS blocked, sum(e.counted[i + 2]) AS scheduled,
    sum(e.counted[i + 3]) AS ready, sum(e.counted[i + 4]) AS leased,
    sum(e.counted[i + 5]) AS succeeded, sum(e.counted[i + 6]) AS failed,
    sum(e.counted[i + 7]) AS cancelled
  FROM waybill.events AS e, generate_series(1, cardinality(e.counted), 8) AS i
  WHERE e.commit_number > (SELECT counted_until FROM waybill.ledger)
  GROUP BY 1
)
UPDATE waybill.lanes AS l SET
  used = true,
  blocked = l.blocked + added.blocked,
  scheduled = l.scheduled + added.scheduled,
  ready = l.ready + added.ready,
  leased = l.leased + added.leased,
  succeeded = l.succeeded + added.succeeded,
  failed = l.failed + added.failed,
  cancelled = l.cancelled + added.cancelled
FROM added
WHERE l.lane = added.lane
