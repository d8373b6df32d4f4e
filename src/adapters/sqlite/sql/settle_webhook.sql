UPDATE webhooks SET state = CASE WHEN ?4 AND changed_at = ?13 THEN 2 ELSE state END, sequence = ?5, failures = ?6,
  wait_until = ?7, succeeded_at = ?8, failed_at = ?9, status = ?10, error = ?11, gaps = ?12
WHERE name = ?1 AND id = ?2 AND holder = ?3
