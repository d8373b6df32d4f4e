UPDATE waybill.store_claims SET round = round + 1 RETURNING uuid_send(ledger), round
