DELETE FROM waybill.webhook_deliveries WHERE webhook = $1 AND sequence = ANY ($2::bigint[])
