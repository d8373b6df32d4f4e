DELETE FROM waits WHERE on_id = ?1
