SELECT max((SELECT handle_floor FROM ledger), coalesce((SELECT max(handle) FROM tasks), 0))
