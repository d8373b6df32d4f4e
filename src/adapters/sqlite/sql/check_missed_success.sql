-- I7: nobody waits any more for what has succeeded.
SELECT t.id FROM waits w CROSS JOIN tasks d ON d.id = w.on_id CROSS JOIN tasks t ON t.handle = w.task
WHERE d.state = 4
