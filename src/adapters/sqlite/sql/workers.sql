SELECT name, host, process_id, queues, kinds, slots, busy, started_at, seen_at
FROM workers ORDER BY name
