SELECT sha256 FROM waybill.condemned_contents WHERE sha256 = ANY ($1) LIMIT 1
