-- Among the newest: it was asked for seconds ago. A standby may not have it yet.
SELECT EXISTS (
  SELECT FROM (SELECT tag FROM waybill.events ORDER BY commit_number DESC LIMIT 100000) AS newest
  WHERE tag = $1), pg_is_in_recovery()
