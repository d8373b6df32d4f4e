DELETE FROM requests WHERE handle = ?1
