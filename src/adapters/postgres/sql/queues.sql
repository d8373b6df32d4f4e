SELECT name, paused, concurrency_max, keep_succeeded, keep_failed, keep_cancelled
FROM waybill.queues ORDER BY name
