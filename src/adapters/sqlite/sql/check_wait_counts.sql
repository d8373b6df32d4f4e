-- I7: a task counts as many as it waits for.
SELECT id FROM tasks
WHERE waiting_for <> (SELECT count(*) FROM waits WHERE waits.task = tasks.handle)
