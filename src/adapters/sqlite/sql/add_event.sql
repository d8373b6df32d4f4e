INSERT INTO events (commit_number, changes_until, change_count, changes) VALUES (?1, ?2, ?3, ?4)
