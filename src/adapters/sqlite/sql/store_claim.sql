SELECT ledger, round FROM store_claims
