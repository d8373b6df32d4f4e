DELETE FROM run_nodes WHERE run = ?1
