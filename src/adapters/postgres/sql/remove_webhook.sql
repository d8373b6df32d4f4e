DELETE FROM waybill.webhooks WHERE name = $1
