SELECT state FROM host_turns WHERE host = ?1
