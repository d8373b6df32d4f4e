UPDATE store_claims SET round = round + 1
