SELECT commit_number, changes_until, change_count, changes FROM events ORDER BY commit_number
