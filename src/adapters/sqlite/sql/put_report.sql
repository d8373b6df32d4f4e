-- Empty text leaves what is there.
INSERT INTO reports (task, progress, checkpoint) VALUES (?1, ?2, ?3)
ON CONFLICT (task) DO UPDATE SET
  progress = CASE excluded.progress WHEN '' THEN progress ELSE excluded.progress END,
  checkpoint = CASE excluded.checkpoint WHEN '' THEN checkpoint ELSE excluded.checkpoint END
