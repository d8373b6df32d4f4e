UPDATE run_nodes SET stop = ?3, error = ?4 WHERE run = ?1 AND path = ?2
