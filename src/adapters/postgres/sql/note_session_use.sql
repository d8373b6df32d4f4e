UPDATE waybill.sessions
SET seen_at = $2, seen_from = CASE WHEN $3 = '' THEN seen_from ELSE $3 END
WHERE id = $1 AND seen_at < $2
