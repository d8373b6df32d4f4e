INSERT INTO waybill.webhooks AS w (name, id, settings, sequence, created_at, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $5, $6)
ON CONFLICT (name) DO UPDATE SET
  settings = excluded.settings, changed_at = greatest(excluded.changed_at, w.created_at),
  changed_by = excluded.changed_by,
  state = CASE WHEN $7 AND w.state = 2 THEN 0 ELSE w.state END,
  failures = CASE WHEN $7 THEN 0 ELSE w.failures END,
  wait_until = CASE WHEN $7 THEN 0 ELSE w.wait_until END
