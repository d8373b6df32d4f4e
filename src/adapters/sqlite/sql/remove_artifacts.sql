DELETE FROM artifacts WHERE task = ?1
