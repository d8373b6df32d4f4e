-- Rows that belong to no task.
SELECT 'requests', handle FROM requests WHERE handle NOT IN (SELECT handle FROM tasks)
UNION ALL
SELECT 'reports', task FROM reports WHERE task NOT IN (SELECT handle FROM tasks)
UNION ALL
SELECT 'waits', task FROM waits WHERE task NOT IN (SELECT handle FROM tasks)
UNION ALL
SELECT DISTINCT 'artifacts', task FROM artifacts WHERE task NOT IN (SELECT handle FROM tasks)
