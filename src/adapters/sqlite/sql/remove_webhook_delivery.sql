DELETE FROM webhook_deliveries WHERE webhook = ?1 AND sequence = ?2
