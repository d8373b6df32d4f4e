SELECT lane, queue, kind, used, blocked, scheduled, ready, leased, succeeded, failed, cancelled,
       counted
FROM (
  SELECT l.*, NULL::bigint[] AS counted FROM waybill.lanes AS l
  UNION ALL
  SELECT 0, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, e.counted
  FROM waybill.events AS e
  WHERE e.commit_number > (SELECT counted_until FROM waybill.ledger)
) AS both_of_them
ORDER BY counted IS NOT NULL, queue, kind
