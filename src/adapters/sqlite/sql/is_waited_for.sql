-- 1 if a task waits for this id.
SELECT EXISTS (SELECT 1 FROM waits WHERE on_id = ?1)
