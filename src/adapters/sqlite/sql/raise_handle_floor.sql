UPDATE ledger SET handle_floor = max(handle_floor, ?1)
