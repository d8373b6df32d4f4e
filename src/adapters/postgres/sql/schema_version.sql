SELECT schema_version, usable_from FROM waybill.ledger
