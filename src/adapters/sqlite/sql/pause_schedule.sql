UPDATE schedules SET
  handled_until = iif(pause_at <> 0 AND ?2 = 0, max(handled_until, ?5), handled_until),
  pause_at = ?2, pause_by = ?3, pause_reason = ?4
WHERE name = ?1
