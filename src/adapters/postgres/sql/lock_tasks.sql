-- Locks the rows of tasks that are about to be changed, in one order for everybody. Without those
-- that are blocked: they are written under the lock of commits alone, so that whoever has that lock
-- need not wait for their rows.
SELECT FROM waybill.tasks
WHERE handle = ANY ($1) AND state <> 0
ORDER BY handle
FOR UPDATE
