INSERT INTO waybill.workers (name, host, process_id, queues, kinds, slots, busy, started_at,
  seen_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (name) DO UPDATE SET
  host = excluded.host,
  process_id = excluded.process_id,
  queues = excluded.queues,
  kinds = excluded.kinds,
  slots = excluded.slots,
  busy = excluded.busy,
  started_at = excluded.started_at,
  seen_at = excluded.seen_at,
  version = excluded.version
