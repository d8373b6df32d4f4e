SELECT coalesce(sum(change_count), 0) FROM events
