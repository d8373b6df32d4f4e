SELECT name, host, process_id, queues, kinds, slots, busy, started_at, seen_at, version
FROM workers ORDER BY name
