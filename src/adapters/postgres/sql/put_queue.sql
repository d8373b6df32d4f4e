INSERT INTO waybill.queues (name, paused, concurrency_max, keep_succeeded, keep_failed,
  keep_cancelled)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET
  concurrency_max = excluded.concurrency_max,
  keep_succeeded = excluded.keep_succeeded,
  keep_failed = excluded.keep_failed,
  keep_cancelled = excluded.keep_cancelled
