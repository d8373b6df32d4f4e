-- I1: what was asked for is there as long as the task.
SELECT t.id FROM tasks t LEFT JOIN requests r ON r.handle = t.handle WHERE r.handle IS NULL
