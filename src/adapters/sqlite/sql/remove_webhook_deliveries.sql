DELETE FROM webhook_deliveries WHERE webhook = ?1
