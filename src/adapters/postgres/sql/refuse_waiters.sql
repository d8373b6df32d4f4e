-- Fails (22012) if some task waits for one of these: then the transaction has to be another one,
-- which takes it further. The answer needs no round trip while the lock of commits is held.
SELECT 1 / (CASE WHEN EXISTS (SELECT FROM waybill.waits WHERE on_id = ANY ($1)) THEN 0 ELSE 1 END)
