-- The holder of a dedup key: a task that has it now, or one that has spent it.
SELECT id FROM tasks WHERE dedup_key = ?1 AND (dedup_scope = 1 OR state < 4)
UNION ALL
SELECT id FROM spent_keys WHERE dedup_key = ?1
LIMIT 1
