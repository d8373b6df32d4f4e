-- By an array, which is made once: a subquery may be run again for each row.
DELETE FROM waybill.host_turns WHERE host = ANY (ARRAY(
  SELECT host FROM waybill.host_turns WHERE keep_until < $1 AND keep_until > 0
  LIMIT 2000 FOR UPDATE SKIP LOCKED))
