DELETE FROM waybill.webhook_deliveries WHERE webhook = $1 AND next_at IS NULL AND sequence <= (
  SELECT sequence FROM waybill.webhook_deliveries WHERE webhook = $1 AND next_at IS NULL
  ORDER BY sequence DESC LIMIT 1 OFFSET $2)
