DELETE FROM waybill.condemned_contents WHERE sha256 = ANY ($1) AND at <= $2
