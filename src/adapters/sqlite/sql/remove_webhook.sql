DELETE FROM webhooks WHERE name = ?1
