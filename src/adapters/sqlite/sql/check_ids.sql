-- I1: an id is that of one task.
SELECT id, count(*) FROM tasks GROUP BY id HAVING count(*) > 1
