SELECT sha256 FROM waybill.condemned_contents WHERE at < $1 ORDER BY at LIMIT $2
