UPDATE webhook_deliveries SET next_at = ?2, attempts = 1 WHERE webhook = ?1 AND next_at IS NULL
