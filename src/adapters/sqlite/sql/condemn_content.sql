-- States: 3 leased, 4 succeeded.
INSERT INTO condemned_contents (sha256, at)
SELECT ?1, ?2 WHERE NOT EXISTS (
  SELECT 1 FROM artifacts a JOIN tasks t ON t.handle = a.task
  WHERE a.sha256 = ?1 AND a.fence = t.fence AND t.state IN (3, 4))
ON CONFLICT (sha256) DO NOTHING
