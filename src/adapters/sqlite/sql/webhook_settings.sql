SELECT settings FROM webhooks WHERE name = ?1
