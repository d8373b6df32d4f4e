UPDATE waybill.webhooks SET state = $2, changed_at = greatest($3, created_at), changed_by = $4,
  failures = CASE WHEN $2 = 0 THEN 0 ELSE failures END,
  wait_until = CASE WHEN $2 = 0 THEN 0 ELSE wait_until END
WHERE name = $1
