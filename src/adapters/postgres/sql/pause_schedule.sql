UPDATE waybill.schedules SET
  handled_until = CASE WHEN pause_at <> 0 AND $2 = 0 THEN greatest(handled_until, $5)
    ELSE handled_until END,
  pause_at = $2, pause_by = $3, pause_reason = $4
WHERE name = $1
