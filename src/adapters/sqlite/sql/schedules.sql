SELECT name, cron, zone, daylight, catch_up, paused, source, handled_until, task, pause_at, pause_by,
  pause_reason
FROM schedules ORDER BY name
