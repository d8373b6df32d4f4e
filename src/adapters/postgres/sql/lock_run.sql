SELECT state FROM waybill.runs WHERE id = $1 FOR NO KEY UPDATE
