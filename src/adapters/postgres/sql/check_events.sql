SELECT commit_number, changes_until, change_count, changes FROM waybill.events
WHERE commit_number > $1 ORDER BY commit_number LIMIT $2
