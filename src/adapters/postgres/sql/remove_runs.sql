DELETE FROM waybill.runs WHERE number IN (
  SELECT number FROM waybill.runs WHERE state >= 2 AND ended_at < $1 ORDER BY ended_at LIMIT $2
  FOR UPDATE SKIP LOCKED)
