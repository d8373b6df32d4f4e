SELECT commit_number, changes_until, change_count FROM events ORDER BY commit_number DESC LIMIT 1
