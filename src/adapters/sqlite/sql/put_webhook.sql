INSERT INTO webhooks (name, id, settings, sequence, created_at, changed_at, changed_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
ON CONFLICT (name) DO UPDATE SET
  settings = excluded.settings, changed_at = max(excluded.changed_at, created_at),
  changed_by = excluded.changed_by,
  state = CASE WHEN ?7 AND state = 2 THEN 0 ELSE state END,
  failures = CASE WHEN ?7 THEN 0 ELSE failures END,
  wait_until = CASE WHEN ?7 THEN 0 ELSE wait_until END
