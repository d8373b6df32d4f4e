-- Leaves the newest $1 changes, with the rest of the row that they begin in.
DELETE FROM waybill.events
WHERE commit_number < (
  SELECT e.commit_number FROM waybill.events AS e
  WHERE e.changes_until > (
    SELECT changes_until - $1 FROM waybill.events ORDER BY commit_number DESC LIMIT 1)
  ORDER BY e.commit_number LIMIT 1)
