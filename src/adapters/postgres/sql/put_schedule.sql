INSERT INTO waybill.schedules AS s (name, cron, zone, daylight, catch_up, paused, source,
  handled_until, task)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (name) DO UPDATE SET
  cron = excluded.cron,
  zone = excluded.zone,
  daylight = excluded.daylight,
  catch_up = excluded.catch_up,
  paused = excluded.paused,
  source = excluded.source,
  handled_until = greatest(s.handled_until, excluded.handled_until),
  task = excluded.task
