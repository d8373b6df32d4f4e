SELECT uuid_send(ledger), round FROM waybill.store_claims
