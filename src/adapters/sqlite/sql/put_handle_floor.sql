UPDATE ledger SET handle_floor = ?1
