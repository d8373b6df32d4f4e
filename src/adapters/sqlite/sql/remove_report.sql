DELETE FROM reports WHERE task = ?1
