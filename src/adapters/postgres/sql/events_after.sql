SELECT commit_number, changes FROM waybill.events
WHERE commit_number >= $1 ORDER BY commit_number LIMIT $2
