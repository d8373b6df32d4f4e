UPDATE waybill.runs SET state = $3, ended_at = CASE WHEN $3 >= 2 THEN $4::bigint END,
  outputs = $5, error = $6, next_at = $7
WHERE id = $1 AND holder = $2 AND state = 1
