SELECT commit_number, changes FROM events WHERE commit_number >= ?1 ORDER BY commit_number
