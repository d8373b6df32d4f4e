INSERT INTO webhook_deliveries (webhook, sequence, body, attempts, next_at, status, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (webhook, sequence) DO UPDATE SET
  attempts = excluded.attempts, next_at = excluded.next_at, status = excluded.status,
  error = excluded.error
