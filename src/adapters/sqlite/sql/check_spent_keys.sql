-- I4: no task has a key that another has spent.
SELECT t.id FROM spent_keys k CROSS JOIN tasks t
  ON t.dedup_key = k.dedup_key AND (t.dedup_scope = 1 OR t.state < 4)
WHERE t.id <> k.id
