-- Here only, where no task has it any more.
INSERT INTO spent_keys (dedup_key, id)
SELECT CAST(?1 AS TEXT), ?2
WHERE NOT EXISTS (
  SELECT 1 FROM tasks WHERE id = ?2 AND dedup_scope = 1 AND dedup_key = CAST(?1 AS TEXT))
