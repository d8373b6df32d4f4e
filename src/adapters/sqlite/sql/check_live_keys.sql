-- I4: a key keeps out a second task while the first is live, or for ever.
SELECT dedup_key, count(*) FROM tasks
WHERE dedup_key IS NOT NULL AND (dedup_scope = 1 OR state < 4)
GROUP BY dedup_key HAVING count(*) > 1
