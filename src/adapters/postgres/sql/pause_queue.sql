INSERT INTO waybill.queues (name, paused, concurrency_max, keep_succeeded, keep_failed,
  keep_cancelled)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET paused = excluded.paused
