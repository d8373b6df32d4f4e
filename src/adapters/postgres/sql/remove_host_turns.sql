DELETE FROM waybill.host_turns WHERE host IN (
  SELECT host FROM waybill.host_turns WHERE keep_until < $1 AND keep_until > 0
  LIMIT 100 FOR UPDATE SKIP LOCKED)
