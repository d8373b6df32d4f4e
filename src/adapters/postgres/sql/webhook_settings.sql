SELECT settings FROM waybill.webhooks WHERE name = $1 FOR NO KEY UPDATE
