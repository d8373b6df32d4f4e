SELECT name, cron, zone, daylight, catch_up, paused, source, handled_until, task
FROM schedules ORDER BY name
