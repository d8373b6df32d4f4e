UPDATE store_claims SET ledger = ?1, round = ?2
