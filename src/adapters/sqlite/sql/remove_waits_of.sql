DELETE FROM waits WHERE task = ?1
