-- All that happened is in the counts of lanes.
UPDATE waybill.ledger SET
  counted_until = (SELECT coalesce(max(commit_number), 0) FROM waybill.events)
