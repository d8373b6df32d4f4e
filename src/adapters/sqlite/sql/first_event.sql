SELECT commit_number FROM events ORDER BY commit_number LIMIT 1
