-- As update_tasks, of few.
SELECT handle, lane, rank
FROM waybill.update_few($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
