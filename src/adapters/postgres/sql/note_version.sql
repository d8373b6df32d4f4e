UPDATE waybill.ledger SET schema_version = $1
