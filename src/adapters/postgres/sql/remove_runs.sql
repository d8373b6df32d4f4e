-- By an array, which is made once: a subquery may be run again for each row, and choose others.
DELETE FROM waybill.runs WHERE number = ANY (ARRAY(
  SELECT number FROM waybill.runs WHERE state >= 2 AND ended_at < $1 ORDER BY ended_at LIMIT $2
  FOR UPDATE SKIP LOCKED))
